//! `b24 call`: one call.

use b24::{Error, Restrictions};

use crate::{
    args::{Api, CallArgs},
    connect::Session,
    failure::Failure,
    output::{Failed, Payload, Success, explain, json_text, print_beside, say},
    params::params,
};

pub(crate) fn main(args: &CallArgs) -> Result<(), Failure> {
    let session = Session::open(&args.access, Restrictions::default())?;
    let b24 = session.b24();
    let params = params(&args.params)?;
    let call = match args.api {
        Api::V2 => b24.v2().call(&args.method),
        Api::V3 => b24.v3().call(&args.method),
    };
    let mut call = call.raw_params(params).timeout(args.timeout);
    if let Some(id) = &args.request_id {
        call = call.request_id(id);
    }
    session.run_until_interrupted(async {
        match call.send::<Payload>().await {
            Ok(reply) => print_beside(json_text(&Success::from(reply))).await,
            Err(error) => Err(failed(&error).await),
        }
    })
}

/// Says for people on standard error and for programs on standard output why a call failed.
pub(crate) async fn failed(error: &Error) -> Failure {
    if error.kind() == b24::ErrorKind::Usage {
        return Failure::refused(error);
    }
    say(&format!("b24: {}", explain(error)));
    match print_beside(json_text(&Failed::from(error))).await {
        Ok(()) => Failure::Call,
        Err(failure) => failure,
    }
}
