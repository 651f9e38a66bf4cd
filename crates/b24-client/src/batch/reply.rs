//! What a batch brings home.

use std::sync::Arc;

use b24_core::{
    Error, RestRequest, RestResponse, SdkCode, Time,
    batch::{Key, Outcome, Payload},
};
use serde::de::DeserializeOwned;

use super::Handle;

/// What a batch brings home: what became of each of its commands. Payloads are read when they are taken out.
#[derive(Debug)]
#[must_use = "commands may have failed"]
pub struct BatchReply {
    batch: u64,
    /// An outcome is gone once a handle has taken it.
    rows: Vec<(Key, Option<Outcome<Payload>>)>,
    time: Option<Time>,
    request_id: Option<Arc<str>>,
}

impl BatchReply {
    pub(super) fn new(batch: u64, request: &RestRequest, response: &RestResponse, rows: Vec<Outcome<Payload>>) -> Self {
        let keys = request.commands().iter().map(|command| command.key().clone());
        Self {
            batch,
            rows: keys.zip(rows.into_iter().map(Some)).collect(),
            time: response.time().cloned(),
            request_id: request.options().shared_request_id(),
        }
    }

    /// Takes the result of a command out.
    ///
    /// # Errors
    /// The command's own error; one of kind [`NotRun`](b24_core::ErrorKind::NotRun) when it was not come to;
    /// [`Decode`](b24_core::ErrorKind::Decode) when the result is no `T`.
    pub fn take<T: DeserializeOwned>(&mut self, handle: Handle<T>) -> Result<T, Error> {
        Ok(self.outcome(handle).into_result()?.result)
    }

    /// Takes what became of a command out, with its `next` and `total`.
    #[allow(clippy::needless_pass_by_value, reason = "a handle takes once")]
    pub fn outcome<T: DeserializeOwned>(&mut self, handle: Handle<T>) -> Outcome<T> {
        let row = handle.place_in(self.batch).and_then(|place| self.rows.get_mut(place));
        match row.and_then(|(_, outcome)| outcome.take()) {
            Some(outcome) => outcome.decode(),
            None => {
                let text = "the handle belongs to another batch than the reply";
                Outcome::Failed(Error::usage(SdkCode::InvalidParams, text))
            }
        }
    }

    /// All that no handle has taken, in the order of the commands: the label or place, and what became of it.
    pub fn into_rows<T: DeserializeOwned>(self) -> impl Iterator<Item = (Key, Outcome<T>)> {
        self.rows.into_iter().filter_map(|(key, outcome)| Some((key, outcome?.decode())))
    }

    /// All results in order, when no command failed; for `?`.
    ///
    /// # Errors
    /// The error of the first command that failed; the results of the others are dropped.
    pub fn into_results<T: DeserializeOwned>(self) -> Result<Vec<T>, Error> {
        self.into_rows().map(|(_, outcome)| Ok(outcome.into_result()?.result)).collect()
    }

    /// Whether all commands ran and answered. What a handle has taken is not asked.
    #[must_use]
    pub fn all_done(&self) -> bool {
        self.rows.iter().filter_map(|(_, outcome)| outcome.as_ref()).all(Outcome::is_done)
    }

    /// The first command that failed, and its error.
    #[must_use]
    pub fn first_error(&self) -> Option<(&Key, &Error)> {
        self.rows.iter().find_map(|(key, outcome)| Some((key, outcome.as_ref()?.error()?)))
    }

    /// The portal's account of the time the whole batch took.
    #[must_use]
    pub fn time(&self) -> Option<&Time> {
        self.time.as_ref()
    }

    /// The id the call is known by in the portal's log and ours.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}
