//! A call that is not sent, because it would have to wait too long.

use std::{error::Error as StdError, fmt, time::Duration};

use b24_core::{Error, SdkCode};

/// A call was not sent, because it would have to wait too long. Repeating it is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection {
    reason: RejectionReason,
    wait: Duration,
}

/// Why a call was not let wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectionReason {
    /// The wait would outlast the call's deadline, or the longest wait that was set.
    TooLong,
    /// As many calls wait as may.
    QueueFull,
}

impl Rejection {
    pub(crate) fn new(reason: RejectionReason, wait: Duration) -> Self {
        Self { reason, wait }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> RejectionReason {
        self.reason
    }

    /// How long the call would have had to wait, as far as could be told: at least so long.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.wait
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason {
            RejectionReason::TooLong => {
                let millis = self.wait.as_millis();
                write!(f, "the portal's limits ask for a wait of {millis} ms, longer than the call may take")
            }
            RejectionReason::QueueFull => f.write_str("too many calls wait for the portal's limits already"),
        }
    }
}

impl StdError for Rejection {}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        let code = match rejection.reason {
            RejectionReason::TooLong => SdkCode::LimitWaitTooLong,
            RejectionReason::QueueFull => SdkCode::LimitQueueFull,
        };
        Self::limit(code, rejection.to_string()).with_retry_after(Some(rejection.wait))
    }
}

/// How long a call may wait, and behind how many others: its own deadline counts in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounded {
    pub(crate) max_wait: Option<Duration>,
    pub(crate) max_queue: Option<usize>,
}

impl Bounded {
    /// How long a call may wait that has so much time left.
    pub(super) fn longest_wait(&self, time_left: Option<Duration>) -> Option<Duration> {
        match (self.max_wait, time_left) {
            (Some(most), Some(left)) => Some(most.min(left)),
            (one, other) => one.or(other),
        }
    }
}
