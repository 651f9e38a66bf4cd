//! The headers a cloud portal adds to what it has executed.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, Response};

use super::auth::Caller;
use super::{Engine, clockwork, reply};

impl Engine {
    /// Adds the headers to the answer of a call that began at `start` and took `cost`.
    ///
    /// A self-hosted portal has none of them.
    pub(super) fn sign(&self, response: &mut Response<Bytes>, caller: &Caller, start: Duration, cost: Duration) {
        if self.config.limits.is_self_hosted() {
            return;
        }
        if let Some(client) = caller.client() {
            reply::set(response, HeaderName::from_static("x-bitrix-rest-application"), client);
        }
        // Wall time is rounded like `time.processing`, the two shares of CPU time are not.
        let processing = clockwork::processing(start, cost, self.config.time_format);
        for (name, seconds) in [
            ("x-bitrix-rest-time", processing.as_secs_f64()),
            ("x-bitrix-rest-user-time", cost.as_secs_f64() * 0.8),
            ("x-bitrix-rest-system-time", cost.as_secs_f64() * 0.1),
        ] {
            reply::set(response, HeaderName::from_static(name), &format!("{seconds:.10}"));
        }
    }
}
