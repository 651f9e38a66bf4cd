//! The options of one operation.

use std::time::Duration;

use b24::{CallOptions, RetryOnNetworkError, Safety};
use serde::Deserialize;

/// Options of one operation; they hold for it alone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Options {
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

impl From<Options> for CallOptions {
    fn from(given: Options) -> Self {
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
        } = given;
        let mut options = Self::default();
        if let Some(max_retries) = max_retries {
            options = options.with_max_retries(max_retries);
        }
        if let Some(choice) = retry_on_network_error {
            options = options.with_retry_on_network_error(choice);
        }
        if !hard_error_codes.is_empty() {
            options = options.with_hard_codes(hard_error_codes);
        }
        if !soft_error_codes.is_empty() {
            options = options.with_soft_codes(soft_error_codes);
        }
        if let Some(id) = request_id {
            options = options.with_request_id(&id);
        }
        if let Some(timeout) = timeout_ms {
            options = options.with_timeout(Duration::from_millis(timeout));
        }
        if let Some(deadline) = deadline_ms {
            options = options.with_deadline(Duration::from_millis(deadline));
        }
        if let Some(key) = idempotency_key {
            options = options.with_idempotency_key(&key);
        }
        if let Some(idempotent) = idempotent {
            options = options.with_safety(if idempotent { Safety::Idempotent } else { Safety::NotIdempotent });
        }
        options
    }
}
