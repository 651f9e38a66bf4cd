//! What one call may be told beside its method and parameters.

use std::{sync::Arc, time::Duration};

/// Whether a call that may already have run may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Safety {
    /// Running it twice leaves the portal as running it once would: it may be sent again after a lost answer.
    Idempotent,
    /// Running it twice may do harm (a second deal): it is sent again only when it cannot have run.
    NotIdempotent,
}

/// The options of one call. They travel inside the request: nothing about one call is ever set on the client.
///
/// ```
/// use std::time::Duration;
/// use b24_core::CallOptions;
///
/// let options = CallOptions::default().with_timeout(Duration::from_secs(5)).with_request_id("nightly-17");
/// assert_eq!(options.request_id(), Some("nightly-17"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    request_id: Option<Arc<str>>,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
    safety: Option<Safety>,
    idempotency_key: Option<Arc<str>>,
}

impl CallOptions {
    /// The id the portal's log and ours know the call by; the same for every send of the call.
    #[must_use]
    pub fn with_request_id(mut self, id: &str) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// How long one send may take. Default: the transport's, 75 s, because the cloud cuts a request at 60 s and a
    /// shorter time gives up on calls that succeed.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// How long the whole call may still take, waits and re-sends included. Default: no limit.
    ///
    /// A layer that spends time passes on what is left, as gRPC does with `grpc-timeout`.
    #[must_use]
    pub fn with_deadline(mut self, time_left: Duration) -> Self {
        self.deadline = Some(time_left);
        self
    }

    /// Says whether the call may be sent again after a lost answer. Default: told by the method's name.
    #[must_use]
    pub fn with_safety(mut self, safety: Safety) -> Self {
        self.safety = Some(safety);
        self
    }

    /// The key under which the portal runs a v3 write once only, for 24 hours: 1 to 255 visible ASCII characters. Sent
    /// with v3 writes; never with reads, batches and v2, where it would do nothing or harm.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
    #[must_use]
    pub fn with_idempotency_key(mut self, key: &str) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// The request id, if one was given.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The time one send may take, if it was given.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The time the whole call has left, if it is limited.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline
    }

    /// The idempotency key, if one was given.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    /// The caller's word on safety, if it was given.
    #[must_use]
    pub fn safety(&self) -> Option<Safety> {
        self.safety
    }
}
