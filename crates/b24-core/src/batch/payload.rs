//! The result of a command, not read yet.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;

use crate::{Error, RestRequest, RestResponse, error::Unreadable};

/// The result of a command as the portal wrote it. `Debug` does not show it: a payload can hold download links with
/// credentials.
#[derive(Clone)]
pub struct Payload {
    json: Bytes,
    /// The command as a call of its own, for errors.
    command: RestRequest,
    status: StatusCode,
    attempts: u32,
}

impl Payload {
    /// A part of an answer, of a command that is told by `command` as if it had been called by itself.
    #[must_use]
    pub fn new(json: Bytes, command: RestRequest, response: &RestResponse) -> Self {
        Self { json, command, status: response.status(), attempts: response.attempts() }
    }

    /// The JSON text.
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// Reads it into `T`.
    ///
    /// # Errors
    /// Kind [`Decode`](crate::ErrorKind::Decode): the command did run, and its result is no `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        crate::de::from_json(&self.json).map_err(|source| {
            Error::decode("the result of the command does not fit the type it is read into")
                .with_status(self.status)
                .with_attempts(self.attempts)
                .with_request(&self.command)
                .with_source(Unreadable::new(&source))
        })
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.json.len())
    }
}
