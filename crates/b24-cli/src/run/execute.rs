//! From an operation to its line of output.

use b24::{B24, Error, Reply, Time};
use serde::Serialize;
use serde_json::value::RawValue;

use super::operation::{Api, Operation};
use crate::output::{Payload, Problem, Success, json_text};

/// A line of output, and whether its operation succeeded.
pub(super) struct Line {
    pub(super) ok: bool,
    pub(super) text: String,
}

pub(super) async fn execute(b24: &B24, operation: Operation) -> Line {
    let outcome = call(b24, &operation).await;
    let ok = outcome.is_ok();
    let id = operation.id.as_deref();
    let text = match outcome {
        Ok(reply) => {
            let Success { result, time, next, total } = reply.into();
            json_text(&Done { id, ok, result, time, next, total })
        }
        Err(error) => json_text(&Failed { id, ok, soft: error.is_soft(), error: Problem::from(&error) }),
    };
    Line { ok, text }
}

async fn call(b24: &B24, operation: &Operation) -> Result<Reply<Payload>, Error> {
    let api = match operation.api {
        Api::V2 => b24.v2(),
        Api::V3 => b24.v3(),
    };
    let call = api.call(&operation.method).options(operation.options());
    let call = match &operation.params {
        // As they were given: order of keys and digits of numbers included.
        Some(params) => call.params(params),
        None => call,
    };
    call.send().await
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
struct Failed<'a> {
    id: Option<&'a RawValue>,
    ok: bool,
    soft: bool,
    error: Problem<'a>,
}
