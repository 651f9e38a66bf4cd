//! From an operation to its line of output.

mod chunks;
mod lists;
mod rows;

use b24::{B24, Error, Reply, Time};
use serde::Serialize;
use serde_json::value::RawValue;

use self::rows::{Row, all_ok};
use super::operation::{Aggregate, Api, Batch, Call, Operation, What};
use crate::output::{Payload, Problem, Success, json_text};

/// A line of output, and whether its operation succeeded.
pub(super) struct Line {
    pub(super) ok: bool,
    pub(super) text: String,
}

pub(super) async fn execute(b24: &B24, operation: Operation) -> Line {
    let Operation { id, options, what } = operation;
    let id = id.as_deref();
    match what {
        What::Call(Call { api, method, params, .. }) => {
            let call = match api {
                Api::V2 => b24.v2().call(&method),
                Api::V3 => b24.v3().call(&method),
            };
            // As they were given: order of keys and digits of numbers included.
            let call = params.into_iter().fold(call.options(options), b24::Call::params);
            reply(id, call.send().await)
        }
        What::Aggregate(Aggregate { method, select, filter, .. }) => {
            let aggregate = b24.v3().aggregate(&method).select(select).options(options);
            let aggregate = filter.into_iter().fold(aggregate, b24::Aggregate::filter);
            reply(id, aggregate.send().await)
        }
        What::Batch(Batch { api, commands, halt_on_error, .. }) => {
            let batch = match api {
                Api::V2 => b24.v2().batch(),
                Api::V3 => b24.v3().batch(),
            };
            let batch = batch.commands(commands.build()).halt_on_error(halt_on_error).references_in_text(true);
            match batch.options(options).send().await {
                Ok(reply) => rows_of(id, reply.into_rows().map(Row::from).collect()),
                Err(error) => failure(id, None::<Vec<Row>>, &error),
            }
        }
        What::Chunks(batch) => {
            let (rows, error) = chunks::run(b24, batch, options).await;
            match error {
                Some(error) => failure(id, Some(rows), &error),
                None => rows_of(id, rows),
            }
        }
        What::List(list) => listed(id, lists::list(b24, list, options).await),
        What::Tail(tail) => listed(id, lists::tail(b24, tail, options).await),
    }
}

fn reply(id: Option<&RawValue>, outcome: Result<Reply<Payload>, Error>) -> Line {
    match outcome {
        Ok(reply) => {
            let Success { result, time, next, total } = reply.into();
            Line { ok: true, text: json_text(&Done { id, ok: true, result, time, next, total }) }
        }
        Err(error) => failure(id, None::<Vec<Row>>, &error),
    }
}

/// Commands may have failed: the line says so as a whole.
fn rows_of(id: Option<&RawValue>, rows: Vec<Row>) -> Line {
    let ok = all_ok(&rows);
    Line { ok, text: json_text(&Rows { id, ok, rows }) }
}

/// What a list brought, and why it ended early if it did.
fn listed(id: Option<&RawValue>, (rows, error): (Vec<Payload>, Option<Error>)) -> Line {
    match error {
        Some(error) => failure(id, Some(rows), &error),
        None => Line { ok: true, text: json_text(&Rows { id, ok: true, rows }) },
    }
}

fn failure<R: Serialize>(id: Option<&RawValue>, rows: Option<R>, error: &Error) -> Line {
    let text = json_text(&Failed { id, ok: false, rows, soft: error.is_soft(), error: Problem::from(error) });
    Line { ok: false, text }
}

/// Written out, and not flattened: flattening would read the payload's digits.
#[derive(Serialize)]
struct Done<'a> {
    id: Option<&'a RawValue>,
    ok: bool,
    result: Payload,
    time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

#[derive(Serialize)]
struct Rows<'a, R> {
    id: Option<&'a RawValue>,
    ok: bool,
    rows: R,
}

#[derive(Serialize)]
struct Failed<'a, R> {
    id: Option<&'a RawValue>,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<R>,
    soft: bool,
    error: Problem<'a>,
}
