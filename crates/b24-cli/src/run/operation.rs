//! One line of input.

use std::time::Duration;

use b24::{CallOptions, RetryOnNetworkError, Safety, core::error::Unreadable};
use serde::Deserialize;

use crate::output::Payload;

/// What one line asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    /// Echoed as it is.
    pub(super) id: Option<Payload>,
    #[serde(rename = "op")]
    _op: Op,
    #[serde(default)]
    pub(super) api: Api,
    pub(super) method: String,
    pub(super) params: Option<Payload>,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Op {
    Call,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Api {
    #[default]
    V2,
    V3,
}

/// Options of one operation; they hold for it alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Options {
    request_id: Option<String>,
    timeout_ms: Option<u64>,
    deadline_ms: Option<u64>,
    idempotent: Option<bool>,
    idempotency_key: Option<String>,
    max_retries: Option<u32>,
    retry_on_network_error: Option<RetryOnNetworkError>,
    hard_error_codes: Vec<String>,
    soft_error_codes: Vec<String>,
}

impl Operation {
    /// Reads a line. The error says what is wrong and repeats no value.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        // Editors put a byte order mark in front of the first line.
        let line = line.trim_start_matches('\u{feff}');
        if !line.trim_start().starts_with('{') {
            return Err("not a JSON object".to_owned());
        }
        serde_json::from_str(line).map_err(|error| explain(&error))
    }

    pub(super) fn options(&self) -> CallOptions {
        let Options {
            request_id,
            timeout_ms,
            deadline_ms,
            idempotent,
            idempotency_key,
            max_retries,
            retry_on_network_error,
            hard_error_codes,
            soft_error_codes,
        } = &self.options;
        let mut options = CallOptions::default();
        if let Some(max_retries) = max_retries {
            options = options.with_max_retries(*max_retries);
        }
        if let Some(choice) = retry_on_network_error {
            options = options.with_retry_on_network_error(*choice);
        }
        if !hard_error_codes.is_empty() {
            options = options.with_hard_codes(hard_error_codes.iter().map(String::as_str));
        }
        if !soft_error_codes.is_empty() {
            options = options.with_soft_codes(soft_error_codes.iter().map(String::as_str));
        }
        if let Some(id) = request_id {
            options = options.with_request_id(id);
        }
        if let Some(timeout) = timeout_ms {
            options = options.with_timeout(Duration::from_millis(*timeout));
        }
        if let Some(deadline) = deadline_ms {
            options = options.with_deadline(Duration::from_millis(*deadline));
        }
        if let Some(key) = idempotency_key {
            options = options.with_idempotency_key(key);
        }
        if let Some(idempotent) = idempotent {
            options = options.with_safety(if *idempotent { Safety::Idempotent } else { Safety::NotIdempotent });
        }
        options
    }
}

/// serde's own texts may repeat a value; this keeps to what was expected and where.
fn explain(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "not an operation this version knows",
        _ => "not JSON",
    };
    format!("{what}: {}", Unreadable::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_operation_is_refused_without_repeating_it() {
        for line in [
            "[]",
            "{not json",
            r#"{"op":"call"}"#,
            r#"{"op":"dance","method":"s3cr3t"}"#,
            r#"{"op":"call","method":5}"#,
            r#"{"op":"call","method":"profile","options":{"timeoutMs":"s3cr3t"}}"#,
            r#"{"op":"call","method":"profile","s3cr3t":1}"#,
            r#"{"op":"call","method":"profile","options":{"s3cr3t":1}}"#,
        ] {
            let text = Operation::parse(line).unwrap_err();
            assert!(!text.contains("s3cr3t"), "{text}");
        }
    }

    #[test]
    fn options_of_the_restriction_manager_are_accepted() {
        let line = r#"{"op":"call","method":"profile","options":{"maxRetries":0,"retryOnNetworkError":"auto","idempotencyKey":"k"}}"#;
        assert!(Operation::parse(line).is_ok());
    }
}
