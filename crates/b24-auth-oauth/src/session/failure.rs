//! Why a renewal failed, for all who waited for it.

use std::{
    error::Error as StdError,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24_core::{Error, SdkCode};

use super::live::Live;
use crate::{StoreError, app};

/// An error that many get: each of them one of its own.
#[derive(Clone)]
pub(super) struct Failure(Arc<Error>);

impl Failure {
    /// The task ended without a word.
    pub(super) fn aborted() -> Self {
        let text = "the renewal of the tokens was cut off: its runtime has ended, or what it called panicked";
        Error::auth(SdkCode::RenewalAborted.as_str(), text).into()
    }

    /// Whether the authorisation server refused for good, and would do so again.
    pub(super) fn is_final(&self) -> bool {
        app::is_refusal(&self.0)
    }

    pub(super) fn error(&self) -> &Error {
        &self.0
    }

    pub(super) fn to_error(&self) -> Error {
        let error = Error::auth(self.0.code().to_owned(), self.0.message().to_owned());
        let error = if self.0.source().is_some() { error.with_source(Cause(Arc::clone(&self.0))) } else { error };
        match self.0.status() {
            Some(status) => error.with_status(status),
            None => error,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

/// A refusal that is not asked for again for a while.
pub(super) struct Failed {
    failure: Failure,
    generation: u64,
    at: SystemTime,
}

impl Failed {
    pub(super) fn new(failure: Failure, live: &Live, at: SystemTime) -> Self {
        Self { failure, generation: live.grant().generation(), at }
    }

    /// The refusal, while it is fresh and still about the tokens in use. Should the clock go back, it is not believed.
    pub(super) fn still(&self, live: &Live, now: SystemTime) -> Option<&Failure> {
        let fresh = now.duration_since(self.at).is_ok_and(|since| since < COOL_DOWN);
        (fresh && self.generation == live.grant().generation()).then_some(&self.failure)
    }
}

/// The source of a shared error.
#[derive(Debug)]
struct Cause(Arc<Error>);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source().map_or(Ok(()), |source| fmt::Display::fmt(source, f))
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()?.source()
    }
}

pub(crate) fn of_the_store(error: StoreError) -> Error {
    Error::auth(SdkCode::TokenStoreFailed.as_str(), error.to_string()).with_source(error)
}

pub(crate) fn no_tokens() -> Error {
    let text = "there are no tokens for this portal and user; the application has to be installed or opened there";
    Error::auth(SdkCode::TokensMissing.as_str(), text)
}

pub(super) fn no_runtime() -> Error {
    let text = "a renewal needs a tokio runtime; name one with `OAuthBuilder::runtime`";
    Error::auth(SdkCode::InvalidConfig.as_str(), text)
}

const COOL_DOWN: Duration = Duration::from_secs(30);
