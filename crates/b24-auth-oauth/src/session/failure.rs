//! Why a renewal failed, for all who waited for it.

use std::{
    error::Error as StdError,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24_core::{Error, SdkCode};

use super::live::Live;
use crate::{OAuthParams, StoreError, app};

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
        let error = app::reworded(&self.0, self.0.message().to_owned());
        if self.0.source().is_some() { error.with_source(Cause(Arc::clone(&self.0))) } else { error }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

/// A failure that is not asked for again for a while.
pub(super) struct Failed {
    failure: Failure,
    generation: u64,
    at: SystemTime,
    pause: Duration,
    /// How many failures of a passing kind there were in a row.
    passing: u32,
    looked: SystemTime,
}

impl Failed {
    /// The next failure. A refusal stands for a while; a first one that may pass is tried again with the next call, and
    /// after more of them the pauses grow.
    pub(super) fn after(last: Option<&Self>, failure: Failure, live: &Live, at: SystemTime) -> Self {
        let generation = live.grant().generation();
        let passing = match last {
            _ if failure.is_final() => 0,
            Some(last) if last.generation == generation => last.passing.saturating_add(1),
            _ => 1,
        };
        let pause = match passing {
            0 => COOL_DOWN,
            1 => Duration::ZERO,
            more => COOL_DOWN.min(Duration::from_secs(1 << (more - 2).min(5))),
        };
        Self { failure, generation, at, pause, passing, looked: at }
    }

    /// The failure, while it is fresh and still about the tokens in use. Should the clock go back, it is not believed.
    pub(super) fn still(&self, live: &Live, now: SystemTime) -> Option<&Failure> {
        let fresh = now.duration_since(self.at).is_ok_and(|since| since < self.pause);
        (fresh && self.generation == live.grant().generation()).then_some(&self.failure)
    }

    /// The same, for who may not even look at the store again: somebody has, within the last second.
    pub(super) fn without_a_look(&mut self, live: &Live, now: SystemTime) -> Option<Failure> {
        let failure = self.still(live, now)?.clone();
        if now.duration_since(self.looked).is_ok_and(|since| since < LOOK) {
            return Some(failure);
        }
        self.looked = now;
        None
    }

    pub(super) fn is(&self, failure: &Failure) -> bool {
        Arc::ptr_eq(&self.failure.0, &failure.0)
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

/// An error without these tokens in any of its texts: what a store or a program's own function says is not ours.
pub(crate) fn without_tokens(error: Error, params: &OAuthParams) -> Error {
    error.without(params.refresh_token()).without(params.access_token())
}

pub(crate) fn no_tokens() -> Error {
    let text = "there are no tokens for this portal and user; the application has to be installed or opened there";
    Error::auth(SdkCode::TokensMissing.as_str(), text)
}

pub(super) fn no_runtime() -> Error {
    let text = "a renewal needs a tokio runtime; name one with `OAuthBuilder::runtime`";
    Error::auth(SdkCode::InvalidConfig.as_str(), text)
}

/// How long a refusal stands.
const COOL_DOWN: Duration = Duration::from_secs(30);
/// How often the store is looked at meanwhile.
const LOOK: Duration = Duration::from_secs(1);
