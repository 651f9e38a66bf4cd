//! `b24 call`: one call.

use b24::{Error, Restrictions};

use crate::{
    args::{Api, CallArgs},
    connect::{connect, runtime},
    failure::Failure,
    output::{Failed, Payload, Success, explain, json_text, print, say},
    params::params,
};

pub(crate) fn main(args: &CallArgs) -> Result<(), Failure> {
    let b24 = connect(&args.access, Restrictions::default())?;
    let params = params(&args.params)?;
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

/// Says for people on standard error and for programs on standard output why a call failed.
fn failed(error: &Error) -> Result<(), Failure> {
    if error.kind() == b24::ErrorKind::Usage {
        return Err(Failure::refused(error));
    }
    say(&format!("b24: {}", explain(error)));
    print(&json_text(&Failed::from(error)))?;
    Err(Failure::Call)
}
