//! What became of a command of a batch.

use serde::de::DeserializeOwned;

use super::Payload;
use crate::{Error, Reply};

/// What became of a command of a batch.
#[derive(Debug)]
#[must_use = "a command may have failed"]
#[allow(clippy::exhaustive_enums, reason = "complete: a command answers, fails, or does not run")]
pub enum Outcome<T> {
    /// It ran; `next` and `total` are its own.
    Done(Reply<T>),
    /// It failed: whether it may have run all the same, the error knows.
    Failed(Error),
    /// It did not run, because one before it failed and the batch halts on errors.
    NotRun,
}

impl<T> Outcome<T> {
    /// Whether it ran and answered.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done(_))
    }

    /// Its error, if it has one.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        match self {
            Self::Failed(error) => Some(error),
            Self::Done(_) | Self::NotRun => None,
        }
    }

    /// As a result, for `?`.
    ///
    /// # Errors
    /// Its own error, or one of kind [`NotRun`](crate::ErrorKind::NotRun).
    pub fn into_result(self) -> Result<Reply<T>, Error> {
        match self {
            Self::Done(reply) => Ok(reply),
            Self::Failed(error) => Err(error),
            Self::NotRun => Err(Error::not_run()),
        }
    }

    /// The same outcome with another payload.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Done(reply) => Outcome::Done(reply.map(change)),
            Self::Failed(error) => Outcome::Failed(error),
            Self::NotRun => Outcome::NotRun,
        }
    }
}

impl Outcome<Payload> {
    /// Reads the payload into `T`. A payload that does not fit is a failure of kind
    /// [`Decode`](crate::ErrorKind::Decode): the command did run.
    pub fn decode<T: DeserializeOwned>(self) -> Outcome<T> {
        let reply = match self {
            Self::Done(reply) => reply,
            Self::Failed(error) => return Outcome::Failed(error),
            Self::NotRun => return Outcome::NotRun,
        };
        match reply.result.decode() {
            Ok(result) => Outcome::Done(reply.map(|_| result)),
            Err(error) => Outcome::Failed(error),
        }
    }
}
