//! `-p` and `--params`: the parameters of a method.

use std::io::Read;

use b24::{Error, Params};
use serde_json::value::RawValue;

use crate::{args::ParamArgs, failure::Failure, param};

/// What `-p` or `--params` say; nothing for neither.
pub(crate) fn params(args: &ParamArgs) -> Result<Params, Failure> {
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
