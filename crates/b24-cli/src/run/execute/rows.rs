//! The rows of a batch in the output.

use b24::batch::{Key, Outcome};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::output::{Payload, Problem, Success};

/// One command: `{"key", "ok": true, "result", "next"?, "total"?}`, `{"key", "ok": false, "error"}` or
/// `{"key", "skipped": true}`.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: Key,
    pub(super) outcome: Outcome<Payload>,
}

pub(super) fn all_ok(rows: &[Row]) -> bool {
    rows.iter().all(|row| row.outcome.is_done())
}

impl From<(Key, Outcome<Payload>)> for Row {
    fn from((key, outcome): (Key, Outcome<Payload>)) -> Self {
        // A payload of several lines would break the line of output.
        let outcome = match outcome {
            Outcome::Done(reply) => {
                let Success { result, time, next, total } = reply.into();
                let mut reply = b24::Reply::new(result);
                (reply.time, reply.next, reply.total) = (time, next, total);
                Outcome::Done(reply)
            }
            other => other,
        };
        Self { key, outcome }
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        match &self.key {
            Key::Index(index) => row.serialize_entry("key", index)?,
            label => row.serialize_entry("key", &label.to_string())?,
        }
        match &self.outcome {
            Outcome::Done(reply) => {
                row.serialize_entry("ok", &true)?;
                row.serialize_entry("result", &reply.result)?;
                if let Some(next) = reply.next {
                    row.serialize_entry("next", &next)?;
                }
                if let Some(total) = reply.total {
                    row.serialize_entry("total", &total)?;
                }
            }
            Outcome::Failed(error) => {
                row.serialize_entry("ok", &false)?;
                row.serialize_entry("error", &Problem::from(error))?;
            }
            Outcome::NotRun => row.serialize_entry("skipped", &true)?,
        }
        row.end()
    }
}
