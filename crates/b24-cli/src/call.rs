//! `b24 call`: one call.

use std::io::Read;

use b24::{Error, Params, Restrictions};
use serde_json::value::RawValue;

use crate::{
    args::{Api, CallArgs},
    connect::{connect, runtime},
    failure::Failure,
    output::{Failed, Payload, Success, explain, json_text, print, say},
    param,
};

pub(crate) fn main(args: &CallArgs) -> Result<(), Failure> {
    let b24 = connect(&args.access, Restrictions::default())?;
    let params = params(args)?;
    let call = match args.api {
        Api::V2 => b24.v2().call(&args.method),
        Api::V3 => b24.v3().call(&args.method),
    };
    let mut call = call.raw_params(params).timeout(args.timeout);
    if let Some(id) = &args.request_id {
        call = call.request_id(id);
    }
    match runtime()?.block_on(call.send::<Payload>()) {
        Ok(reply) => print(&json_text(&Success::from(reply))),
        Err(error) => failed(&error),
    }
}

fn params(args: &CallArgs) -> Result<Params, Failure> {
    let refuse = |error: Error| Failure::refused(&error);
    match &args.params {
        Some(text) => {
            let text = match text.strip_prefix('@') {
                Some(place) => read(place)?,
                None => text.clone(),
            };
            let raw = RawValue::from_string(text)
                .map_err(|error| Failure::unusable(format!("INVALID_PARAMS: --params is no JSON: {error}")))?;
            Params::object(&raw).map_err(refuse)
        }
        None => {
            let tree = param::tree(&args.param).map_err(Failure::Unusable)?;
            Params::object(&tree).map_err(refuse)
        }
    }
}

fn read(place: &str) -> Result<String, Failure> {
    let text = if place == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(place)
    };
    text.map_err(|error| Failure::unusable(format!("cannot read --params @{place}: {error}")))
}

/// Says for people on standard error and for programs on standard output why a call failed.
fn failed(error: &Error) -> Result<(), Failure> {
    if error.kind() == b24::ErrorKind::Usage {
        return Err(Failure::refused(error));
    }
    say(&format!("b24: {}", explain(error)));
    print(&json_text(&Failed::from(error)))?;
    Err(Failure::Call)
}
