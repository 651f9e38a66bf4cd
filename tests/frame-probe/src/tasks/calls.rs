//! Calls of the portal's API.

use std::collections::BTreeMap;

use b24::Error;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Value, json};

use super::session;
use crate::outcome::Outcome;

#[derive(Deserialize)]
pub(super) struct Calls {
    calls: Vec<One>,
    /// How many times each, all of them at once.
    #[serde(default = "once")]
    times: usize,
}

fn once() -> usize {
    1
}

#[derive(Deserialize)]
pub(super) struct Batch {
    api: Api,
    commands: Vec<(String, Value)>,
}

#[derive(Deserialize)]
struct One {
    api: Api,
    method: String,
    #[serde(default)]
    params: Value,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Api {
    V2,
    V3,
}

/// How many calls were answered, how many failed and with which codes, and the first answer. One that fails alone is
/// handed out as it is.
pub(super) async fn calls(with: Calls) -> Outcome {
    let b24 = session::b24()?;
    let call = |one: &One| {
        let call = match one.api {
            Api::V2 => b24.v2().call(&one.method),
            Api::V3 => b24.v3().call(&one.method),
        };
        let call = if one.params.is_null() { call } else { call.params(&one.params) };
        call.send::<Value>()
    };
    let mut answers = join_all((0..with.times).flat_map(|_| &with.calls).map(call)).await;
    if answers.len() == 1 {
        let answer: Result<_, Error> = answers.remove(0);
        return Ok(answer?.result);
    }
    let mut codes = BTreeMap::<String, usize>::new();
    let answered = answers.iter().filter(|answer| answer.is_ok()).count();
    for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        *codes.entry(error.code().to_owned()).or_default() += 1;
    }
    Ok(json!({ "answered": answered, "errors": codes }))
}

/// The results of the commands.
pub(super) async fn batch(with: Batch) -> Outcome {
    let b24 = session::b24()?;
    let batch = match with.api {
        Api::V2 => b24.v2().batch(),
        Api::V3 => b24.v3().batch(),
    };
    let commands = with.commands.iter().map(|(method, params)| (method.as_str(), params));
    Ok(json!(batch.commands(commands).send().await?.into_results::<Value>()?))
}
