//! An answer on its way back through the stack.

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::{Error, Reply, SdkCode, Time, envelope::Envelope, error::Unreadable};

/// A successful answer: its raw bytes, and where the payload is in them.
///
/// The envelope is read once; the payload stays as it came until [`decode`](Self::decode) reads it straight into the
/// caller's type. `Debug` does not show it: a payload can hold download links with credentials.
#[derive(Clone)]
pub struct RestResponse {
    status: StatusCode,
    body: Bytes,
    result: Bytes,
    time: Option<Time>,
    next: Option<u64>,
    total: Option<u64>,
    attempts: u32,
    took: Option<Duration>,
    round_trip: Option<Duration>,
}

impl RestResponse {
    /// Reads the envelope of an answer of any status.
    ///
    /// The body counts, not the status: an error may come with status 200. Of successes, `time` may be missing and
    /// `result` may be any JSON; a body with the key `openapi` is itself the result.
    ///
    /// # Errors
    /// * kind [`Rest`](crate::ErrorKind::Rest) when the body holds the portal's error;
    /// * [`SdkCode::RedirectRefused`] for any 3xx;
    /// * [`SdkCode::InvalidResponse`] when the body is no JSON object or has neither result nor error: of kind
    ///   [`Decode`](crate::ErrorKind::Decode) with a 2xx, else [`Transport`](crate::ErrorKind::Transport).
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/general-principles.html>
    pub fn read(status: StatusCode, body: Bytes) -> Result<Self, Error> {
        if status.is_redirection() {
            let text =
                "the portal answered with a redirect, and none is followed; if it was renamed, use its new address";
            return Err(Error::transport(SdkCode::RedirectRefused, text, true).with_status(status));
        }
        let json = without_byte_order_mark(&body);
        if json.trim_ascii_start().first() != Some(&b'{') {
            return Err(unusable(status, explain(json)));
        }
        let envelope = Envelope::read(json)
            .map_err(|source| unusable(status, explain(json)).with_source(Unreadable::new(&source)))?;
        if let Some(refusal) = envelope.refusal(status) {
            return Err(refusal.into());
        }
        let result = match envelope.result {
            Some(raw) => body.slice_ref(raw.get().as_bytes()),
            None if envelope.is_bare_document() => body.slice_ref(json),
            None => return Err(unusable(status, "the answer has neither a result nor an error")),
        };
        if !status.is_success() {
            return Err(unusable(status, "the answer has a result, but its status says that the call failed"));
        }
        let (next, total, time) = (envelope.next(), envelope.total(), envelope.time());
        Ok(Self { status, result, time, next, total, body, attempts: 1, took: None, round_trip: None })
    }

    /// Reads the payload into `T`.
    ///
    /// # Errors
    /// Kind [`Decode`](crate::ErrorKind::Decode) when the payload is not what `T` expects; the source says where.
    pub fn decode<T: DeserializeOwned>(self) -> Result<Reply<T>, Error> {
        let result = crate::de::from_json(&self.result).map_err(|source| {
            Error::decode("the result does not fit the type it is read into")
                .with_status(self.status)
                .with_attempts(self.attempts)
                .with_source(Unreadable::new(&source))
        })?;
        let Self { time, next, total, round_trip, .. } = self;
        Ok(Reply { time, next, total, round_trip, ..Reply::new(result) })
    }

    /// Says how often the call was sent until this answer came.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// How often the call was sent until this answer came.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Says how long the whole call took, waits and re-sends included; done by a layer that has a clock.
    #[must_use]
    pub fn with_took(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    /// How long the whole call took, waits and re-sends included, where a layer has measured it.
    #[must_use]
    pub fn took(&self) -> Option<Duration> {
        self.took
    }

    /// Says how long the send took that brought this answer.
    #[must_use]
    pub fn with_round_trip(mut self, round_trip: Duration) -> Self {
        self.round_trip = Some(round_trip);
        self
    }

    /// How long the send took that brought this answer, from the request to the last byte: no waits for limits, no
    /// earlier sends. `None` where the stack does not measure it.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The HTTP status: a 2xx.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The whole body as it came.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The payload as JSON text.
    #[must_use]
    pub fn result(&self) -> &Bytes {
        &self.result
    }

    /// The portal's account of the time it took, if there is one.
    #[must_use]
    pub fn time(&self) -> Option<&Time> {
        self.time.as_ref()
    }

    /// v2 lists: the `start` of the next page.
    #[must_use]
    pub fn next(&self) -> Option<u64> {
        self.next
    }

    /// v2 lists: the number of rows, where the portal counted them.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

impl fmt::Debug for RestResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestResponse")
            .field("status", &self.status)
            .field("result", &format_args!("{} bytes", self.result.len()))
            .field("time", &self.time)
            .field("next", &self.next)
            .field("total", &self.total)
            .finish()
    }
}

/// A body that no method of the portal wrote.
fn unusable(status: StatusCode, text: &'static str) -> Error {
    let error = if status.is_success() {
        Error::decode(text)
    } else {
        // A gateway that gave up on a call does not stop it: it may have run.
        Error::transport(SdkCode::InvalidResponse, text, true)
    };
    error.with_status(status)
}

/// A file of the portal that was saved with a byte order mark puts it in front of every answer.
fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

fn explain(body: &[u8]) -> &'static str {
    match body.trim_ascii_start().first() {
        None => "the body is empty",
        Some(b'<') => "the body is a page of HTML or XML, not JSON",
        Some(b'{') => "the body is broken or cut off JSON",
        Some(_) => "the body is not a JSON object",
    }
}
