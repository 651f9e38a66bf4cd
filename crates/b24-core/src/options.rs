//! What one call may be told beside its method and parameters.

use std::{fmt, sync::Arc, time::Duration};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, Unexpected, Visitor},
};

/// Whether a call that may already have run may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Safety {
    /// Running it twice leaves the portal as running it once would: it may be sent again after a lost answer.
    Idempotent,
    /// Running it twice may do harm (a second deal): it is sent again only when it cannot have run.
    NotIdempotent,
}

/// Which calls are sent again after a failure that leaves open whether they ran: no answer, or a server error. In JSON
/// `"auto"`, `true` and `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryOnNetworkError {
    /// Those that are [`Safety::Idempotent`]: reads, calls marked so, v3 writes with their key.
    #[default]
    Auto,
    /// All. A write whose answer was lost is done twice.
    Always,
    /// None where no answer came at all; after a server error as [`Auto`](Self::Auto).
    Never,
}

impl Serialize for RetryOnNetworkError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str(AUTO),
            Self::Always => serializer.serialize_bool(true),
            Self::Never => serializer.serialize_bool(false),
        }
    }
}

impl<'de> Deserialize<'de> for RetryOnNetworkError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Choice)
    }
}

struct Choice;

impl Visitor<'_> for Choice {
    type Value = RetryOnNetworkError;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or \"auto\" for retryOnNetworkError")
    }

    fn visit_bool<E>(self, always: bool) -> Result<RetryOnNetworkError, E> {
        Ok(if always { RetryOnNetworkError::Always } else { RetryOnNetworkError::Never })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RetryOnNetworkError, E> {
        let refused = || E::invalid_value(Unexpected::Str("another text"), &self);
        (text == AUTO).then_some(RetryOnNetworkError::Auto).ok_or_else(refused)
    }
}

const AUTO: &str = "auto";

/// Which calls go first where calls have to wait for the portal's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Somebody waits for the answer: goes before bulk calls.
    #[default]
    Interactive,
    /// A part of much work: lets interactive calls pass, though not all of them for ever.
    Bulk,
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
    max_retries: Option<u32>,
    retry_on_network_error: Option<RetryOnNetworkError>,
    hard_codes: Option<Arc<[Box<str>]>>,
    soft_codes: Option<Arc<[Box<str>]>>,
    priority: Option<Priority>,
    refused_before: bool,
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

    /// How often this call may be sent again; 0 sends it once. Default: the retry layer's.
    #[must_use]
    pub fn with_max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = Some(max_retries);
        self
    }

    /// What to do after a failure that leaves open whether this call ran. Default: the retry layer's.
    #[must_use]
    pub fn with_retry_on_network_error(mut self, choice: RetryOnNetworkError) -> Self {
        self.retry_on_network_error = Some(choice);
        self
    }

    /// Codes of the portal that are final for this call, beside those that always are.
    #[must_use]
    pub fn with_hard_codes<C: Into<Box<str>>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.hard_codes = Some(codes.into_iter().map(Into::into).collect());
        self
    }

    /// Codes of the portal that are soft for this call, beside those that always are: final, and a condition rather than
    /// a fault.
    #[must_use]
    pub fn with_soft_codes<C: Into<Box<str>>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.soft_codes = Some(codes.into_iter().map(Into::into).collect());
        self
    }

    /// Whether this call passes others where calls have to wait for the portal's limits. Default: interactive for single
    /// calls and batches, bulk for lists and any number of commands.
    #[must_use]
    pub fn with_priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Says that the portal has refused this call as too fast before; done by a layer that sends again. Such a call does not
    /// stand at the end of the line once more.
    #[must_use]
    pub fn with_refused_before(mut self, refused: bool) -> Self {
        self.refused_before = refused;
        self
    }

    /// Whether the portal has refused this call as too fast before.
    #[must_use]
    pub fn refused_before(&self) -> bool {
        self.refused_before
    }

    /// Whether this call passes others where calls have to wait.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority.unwrap_or_default()
    }

    /// The priority, if it was said.
    #[must_use]
    pub fn given_priority(&self) -> Option<Priority> {
        self.priority
    }

    /// How often the call may be sent again, if it was said.
    #[must_use]
    pub fn max_retries(&self) -> Option<u32> {
        self.max_retries
    }

    /// What to do after a failure that leaves open whether the call ran, if it was said.
    #[must_use]
    pub fn retry_on_network_error(&self) -> Option<RetryOnNetworkError> {
        self.retry_on_network_error
    }

    /// Further codes that are final for this call.
    #[must_use]
    pub fn hard_codes(&self) -> &[Box<str>] {
        self.hard_codes.as_deref().unwrap_or_default()
    }

    /// Further codes that are soft for this call.
    #[must_use]
    pub fn soft_codes(&self) -> &[Box<str>] {
        self.soft_codes.as_deref().unwrap_or_default()
    }

    /// The request id, if one was given.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The request id, shared and not copied.
    #[must_use]
    pub fn shared_request_id(&self) -> Option<Arc<str>> {
        self.request_id.clone()
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
