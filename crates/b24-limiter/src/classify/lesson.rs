//! What an outcome teaches.

use std::{borrow::Cow, time::Duration};

use super::Reading;

/// What the outcome of a request teaches the limiter.
#[derive(Clone, Debug, Default)]
pub struct Lesson {
    pub(crate) code: Option<Cow<'static, str>>,
    pub(crate) refused: Option<Refused>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) unsent: bool,
    pub(crate) reading: Option<Reading>,
    /// By the place of the command in the request.
    pub(crate) commands: Vec<(usize, Result<Reading, Refused>)>,
}

/// Why the portal refused before it ran anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Too many requests: all senders pause.
    Rate,
    /// The method has used up its operating time: it waits, and others go on.
    Operating,
}

impl Lesson {
    /// The request succeeded.
    #[must_use]
    pub fn succeeded() -> Self {
        Self::default()
    }

    /// The request failed, with a code for the statistics.
    #[must_use]
    pub fn failed(code: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(code.into()), ..Self::default() }
    }

    /// Says that the portal refused it, and why.
    #[must_use]
    pub fn with_refusal(mut self, refused: Refused) -> Self {
        self.refused = Some(refused);
        self
    }

    /// Says how long the answer asked to wait.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Says that it never went out: it has spent nothing.
    #[must_use]
    pub fn with_unsent(mut self) -> Self {
        self.unsent = true;
        self
    }

    /// What the answer told of the method's operating time.
    #[must_use]
    pub fn with_reading(mut self, reading: Reading) -> Self {
        self.reading = Some(reading);
        self
    }

    /// What the answer told of a command: the one at `place` of [`Spend::commands`](super::Spend::commands).
    #[must_use]
    pub fn with_command(mut self, place: usize, told: Result<Reading, Refused>) -> Self {
        self.commands.push((place, told));
        self
    }
}
