//! From the answer of a batch to one outcome for each command.

use std::collections::HashMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CommandInfo, Outcome, Payload};
use crate::{
    Error, Reply, RestError, RestRequest, RestResponse, SdkCode, Time, de,
    envelope::{self, Envelope},
    error::Unreadable,
};

/// The rows of a v2 batch.
pub(super) fn v2(request: &RestRequest, response: &RestResponse, halt: bool) -> Result<Vec<Outcome<Payload>>, Error> {
    let answer: V2<'_> = de::from_json(response.result())
        .map_err(|source| no_batch(request, response).with_source(Unreadable::new(&source)))?;
    if answer.result.is_none() && answer.result_error.is_none() {
        return Err(no_batch(request, response));
    }
    let sections = Sections {
        results: answer.result.unwrap_or_default().0,
        errors: answer.result_error.unwrap_or_default().0,
        times: answer.result_time.unwrap_or_default().0,
        nexts: answer.result_next.unwrap_or_default().0,
        totals: answer.result_total.unwrap_or_default().0,
    };
    let mut halted = false;
    let rows = request.commands().iter().map(|command| {
        let key = command.key().to_string();
        if let Some(refusal) = sections.refusal(&key, response.status()) {
            halted = halt;
            return Outcome::Failed(told(refusal.into(), command, request, response));
        }
        match sections.results.get(&key) {
            Some(raw) => {
                let mut reply = Reply::new(payload(raw, command, request, response));
                reply.time = sections.times.get(&key).and_then(|raw| Time::read(raw));
                reply.next = sections.nexts.get(&key).and_then(|raw| envelope::count(Some(raw)));
                reply.total = sections.totals.get(&key).and_then(|raw| envelope::count(Some(raw)));
                reply.request_id = request.options().shared_request_id();
                Outcome::Done(reply)
            }
            None if halted => Outcome::NotRun,
            None => Outcome::Failed(told(missing(), command, request, response)),
        }
    });
    Ok(rows.collect())
}

/// The rows of a v3 batch: its first error would have been the answer to all.
pub(super) fn v3(request: &RestRequest, response: &RestResponse) -> Result<Vec<Outcome<Payload>>, Error> {
    if !response.result().trim_ascii_start().starts_with(b"[") && !response.result().starts_with(b"{") {
        return Err(no_batch(request, response));
    }
    let results: Section<'_> = de::from_json(response.result())
        .map_err(|source| no_batch(request, response).with_source(Unreadable::new(&source)))?;
    // Aliases are not echoed: a row is known by its place.
    let row = |(place, command): (usize, &CommandInfo)| match results.0.get(&place.to_string()) {
        Some(raw) => {
            let mut reply = Reply::new(payload(raw, command, request, response));
            reply.request_id = request.options().shared_request_id();
            Outcome::Done(reply)
        }
        None => Outcome::Failed(told(missing(), command, request, response)),
    };
    Ok(request.commands().iter().enumerate().map(row).collect())
}

#[derive(Deserialize)]
struct V2<'a> {
    #[serde(borrow)]
    result: Option<Section<'a>>,
    #[serde(borrow)]
    result_error: Option<Section<'a>>,
    #[serde(borrow)]
    result_time: Option<Section<'a>>,
    #[serde(borrow)]
    result_next: Option<Section<'a>>,
    #[serde(borrow)]
    result_total: Option<Section<'a>>,
}

/// A PHP array: an object, a list when the keys happen to be 0, 1, 2 …, or `[]`.
#[derive(Default, Deserialize)]
struct Section<'a>(#[serde(borrow, deserialize_with = "de::php_map")] HashMap<String, &'a RawValue>);

struct Sections<'a> {
    results: HashMap<String, &'a RawValue>,
    errors: HashMap<String, &'a RawValue>,
    times: HashMap<String, &'a RawValue>,
    nexts: HashMap<String, &'a RawValue>,
    totals: HashMap<String, &'a RawValue>,
}

impl Sections<'_> {
    fn refusal(&self, key: &str, status: StatusCode) -> Option<RestError> {
        let raw = self.errors.get(key)?;
        if raw.get() == "null" && self.results.contains_key(key) {
            return None;
        }
        let inside = Envelope::read(raw.get().as_bytes()).ok().and_then(|row| row.refusal(status));
        // A bare code, or nothing that names one.
        let code =
            || serde_json::from_str(raw.get()).unwrap_or_else(|_| raw.get().chars().take(200).collect::<String>());
        Some(inside.unwrap_or_else(|| RestError::new(status, &code(), "")))
    }
}

/// Says of which command an error tells, with its own method and parameters, and whether the caller calls its code soft.
fn told(error: Error, command: &CommandInfo, request: &RestRequest, response: &RestResponse) -> Error {
    let is_soft = request.options().soft_codes().iter().any(|code| code.eq_ignore_ascii_case(error.code()));
    let error = if is_soft { error.counted_as_soft() } else { error };
    error.with_status(response.status()).with_attempts(response.attempts()).with_request(&alone(command, request))
}

fn payload(raw: &RawValue, command: &CommandInfo, request: &RestRequest, response: &RestResponse) -> Payload {
    Payload::new(response.result().slice_ref(raw.get().as_bytes()), alone(command, request), response)
}

/// A command as if it had been called by itself.
fn alone(command: &CommandInfo, request: &RestRequest) -> RestRequest {
    RestRequest::new(request.version(), command.method().clone(), command.params().clone())
        .with_options(request.options().clone())
}

fn missing() -> Error {
    Error::unexpected(SdkCode::BatchRowMissing, "the answer has no row for the command, which must have run")
}

fn no_batch(request: &RestRequest, response: &RestResponse) -> Error {
    Error::decode("the answer is not that of a batch")
        .with_status(response.status())
        .with_attempts(response.attempts())
        .with_request(request)
}
