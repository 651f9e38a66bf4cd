//! Any number of commands, in batches of 50.

use std::collections::HashSet;

use b24::{
    ApiVersion, B24, CallOptions, Error, Priority,
    batch::{Key, Outcome, Prepared, Unprepared},
    core::SdkCode,
};
use futures_util::StreamExt;

use super::{
    super::operation::{Api, Batch, Commands},
    rows::Row,
};
use crate::output::Payload;

/// What became of the commands, and the error of the first request that failed as a whole: nothing is sent after it.
pub(super) async fn run(b24: &B24, batch: Batch, options: CallOptions) -> (Vec<Row>, Option<Error>) {
    let Batch { api, commands, halt_on_error, .. } = batch;
    let version = match api {
        Api::V2 => ApiVersion::V2,
        Api::V3 => ApiVersion::V3,
    };
    if let Err(error) = check(&commands, version) {
        return (Vec::new(), Some(error));
    }
    let bulk = match api {
        Api::V2 => b24.v2().bulk(commands.build()),
        Api::V3 => b24.v3().bulk(commands.build()),
    };
    let bulk = bulk.halt_on_error(halt_on_error).concurrency(1).options(options.with_priority(Priority::Bulk));
    let mut done = bulk.rows::<Payload>();
    let mut rows = Vec::new();
    while let Some(row) = done.next().await {
        match row {
            Ok(row) => {
                let key = row.label.map_or(Key::Index(row.index), Key::Label);
                rows.push(Row::from((key, row.outcome)));
            }
            Err(lost) => return (rows, Some(lost.into_error())),
        }
    }
    // What was not sent after one that failed.
    for (index, label) in commands.labels().enumerate().skip(rows.len()) {
        let key = label.map_or(Key::Index(index), Key::from);
        rows.push(Row { key, outcome: Outcome::NotRun });
    }
    (rows, None)
}

/// All commands are there: what is wrong with any of them is said before the first is sent.
fn check(commands: &Commands, version: ApiVersion) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let labels = commands.labels().flatten().filter(|label| !label.is_empty() && seen.insert(*label)).count();
    if labels != commands.labels().flatten().count() || (labels != 0 && labels != commands.len()) {
        let text = "labels are missing on some commands, empty, or given twice";
        return Err(Error::usage(SdkCode::BatchLabels, text));
    }
    for (place, command) in commands.build().enumerate() {
        match Prepared::new(command, version, true) {
            Ok(prepared) if prepared.has_references() => {
                let text = format!("command {place} refers to another one, which may be in another batch");
                return Err(Error::usage(SdkCode::InvalidBatchRef, text));
            }
            Ok(_) => {}
            // It is sent as a call of its own.
            Err(Unprepared::Alone(alone)) if !alone.why.is_reference() => {}
            Err(refused) => return Err(refused.into_error(place)),
        }
    }
    Ok(())
}
