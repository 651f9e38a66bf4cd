//! The rows of a batch in the output: what became of each command.

use b24::{
    Error,
    batch::{Key, Outcome},
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use crate::output::{Payload, Problem, Success, json_text};

/// One command: `{"key", "ok": true, "result", "next"?, "total"?}`, `{"key", "ok": false, "error"}` or
/// `{"key", "skipped": true}`.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: Key,
    pub(crate) outcome: Outcome<Payload>,
}

pub(crate) fn all_ok(rows: &[Row]) -> bool {
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

impl Row {
    pub(crate) fn text(&self) -> String {
        json_text(self)
    }
}

/// The row of a command whose request failed as a whole.
pub(crate) fn failed(key: &Key, error: &Error) -> String {
    #[derive(Serialize)]
    struct Failed<'a> {
        key: Named<'a>,
        ok: bool,
        error: Problem<'a>,
    }

    json_text(&Failed { key: Named(key), ok: false, error: error.into() })
}

/// A label, or a place as a number.
struct Named<'a>(&'a Key);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Key::Index(index) => index.serialize(serializer),
            label => serializer.collect_str(label),
        }
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_map(None)?;
        row.serialize_entry("key", &Named(&self.key))?;
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
