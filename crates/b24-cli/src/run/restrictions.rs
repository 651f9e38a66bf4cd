//! Parameters of the restriction manager: their names are checked here, so that a script written today is not refused
//! tomorrow. They are not obeyed yet.

use serde_json::{Map, Value};

use crate::failure::Failure;

/// Checks `--restrictions`: a JSON object with known names.
pub(super) fn check(text: &str) -> Result<(), Failure> {
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        Failure::unusable(format!("--restrictions is no JSON object ({place})"))
    })?;
    match object.keys().find(|name| !NAMES.contains(&name.as_str())) {
        Some(name) => Err(Failure::unusable(format!("--restrictions has no parameter {name:?}"))),
        None => Ok(()),
    }
}

const NAMES: &[&str] = &[
    "adaptiveConfig",
    "hardErrorCodes",
    "maxRetries",
    "operatingLimit",
    "preset",
    "rateLimit",
    "retryDelay",
    "retryOnNetworkError",
    "softErrorCodes",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_accepted_and_others_are_not() {
        assert!(check(r#"{"preset":"enterprise","maxRetries":0,"rateLimit":{"burstLimit":5}}"#).is_ok());
        for bad in ["", "[]", "5", r#"{"maxRetry":0}"#] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
