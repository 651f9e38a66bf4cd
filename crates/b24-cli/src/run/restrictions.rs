//! `--restrictions`: parameters of the restriction manager. Those of retries are obeyed; the names of the others are
//! checked, so that a script written today is not refused tomorrow.

use std::time::Duration;

use b24::{RetryOnNetworkError, RetryPolicy};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

use crate::failure::Failure;

/// The policy that the argument asks for, merged over its preset.
pub(super) fn policy(text: Option<&str>) -> Result<RetryPolicy, Failure> {
    let given = text.map_or(Ok(Restrictions::default()), read)?;
    let mut policy = match given.preset.unwrap_or_default() {
        Preset::Default | Preset::Enterprise => RetryPolicy::default(),
        Preset::BatchProcessing => RetryPolicy::batch_processing(),
        Preset::Realtime => RetryPolicy::realtime(),
    };
    if let Some(max_retries) = given.max_retries {
        policy = policy.with_max_retries(max_retries);
    }
    if let Some(Millis(delay)) = given.retry_delay {
        policy = policy.with_retry_delay(delay);
    }
    if let Some(OnNetworkError(choice)) = given.retry_on_network_error {
        policy = policy.with_retry_on_network_error(choice);
    }
    let (hard, soft) = (given.hard_error_codes, given.soft_error_codes);
    Ok(policy.with_hard_codes(hard.unwrap_or_default()).with_soft_codes(soft.unwrap_or_default()))
}

fn read(text: &str) -> Result<Restrictions, Failure> {
    // A list would pass for the fields in their order.
    if !text.trim_start().starts_with('{') {
        return Err(Failure::unusable("--restrictions is no JSON object"));
    }
    serde_json::from_str(text).map_err(|error| Failure::unusable(format!("--restrictions: {error}")))
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Restrictions {
    preset: Option<Preset>,
    max_retries: Option<u32>,
    retry_delay: Option<Millis>,
    retry_on_network_error: Option<OnNetworkError>,
    hard_error_codes: Option<Vec<String>>,
    soft_error_codes: Option<Vec<String>>,
    #[serde(rename = "rateLimit")]
    _rate_limit: Option<Value>,
    #[serde(rename = "operatingLimit")]
    _operating_limit: Option<Value>,
    #[serde(rename = "adaptiveConfig")]
    _adaptive_config: Option<Value>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Preset {
    #[default]
    Default,
    Enterprise,
    BatchProcessing,
    Realtime,
}

struct Millis(Duration);

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(millis / 1000.0).map(Self).map_err(D::Error::custom)
    }
}

/// `true`, `false` or `"auto"`.
#[derive(Debug)]
pub(super) struct OnNetworkError(pub(super) RetryOnNetworkError);

impl<'de> Deserialize<'de> for OnNetworkError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(true) => Ok(Self(RetryOnNetworkError::Always)),
            Value::Bool(false) => Ok(Self(RetryOnNetworkError::Never)),
            Value::String(text) if text == "auto" => Ok(Self(RetryOnNetworkError::Auto)),
            _ => Err(D::Error::custom("retryOnNetworkError is true, false or \"auto\"")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_is_merged_over_the_preset() {
        assert_eq!(policy(None).unwrap(), RetryPolicy::default());
        assert_eq!(policy(Some("{}")).unwrap(), RetryPolicy::default());
        let text = r#"{"preset":"realtime","retryDelay":20,"retryOnNetworkError":true,"softErrorCodes":["A"],
            "rateLimit":{"burstLimit":5}}"#;
        let want = RetryPolicy::realtime()
            .with_retry_delay(Duration::from_millis(20))
            .with_retry_on_network_error(RetryOnNetworkError::Always)
            .with_soft_codes(["A"]);
        assert_eq!(policy(Some(text)).unwrap(), want);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            "",
            "[]",
            "5",
            r#"{"maxRetry":0}"#,
            r#"{"maxRetries":-1}"#,
            r#"{"retryDelay":-1}"#,
            r#"{"retryDelay":1e400}"#,
            r#"{"preset":"fast"}"#,
            r#"{"retryOnNetworkError":"maybe"}"#,
        ] {
            assert!(policy(Some(bad)).is_err(), "{bad}");
        }
    }
}
