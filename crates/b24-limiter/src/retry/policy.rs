//! The settings.

use std::time::Duration;

use b24_core::RetryOnNetworkError;

/// How often, after how long and after which failures a call is sent again. Everything in it can be said of one call
/// too, in its options.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPolicy {
    pub(super) max_retries: u32,
    pub(super) retry_delay: Duration,
    pub(super) retry_on_network_error: RetryOnNetworkError,
    pub(super) hard_codes: Vec<Box<str>>,
    pub(super) soft_codes: Vec<Box<str>>,
}

impl Default for RetryPolicy {
    /// Three sends at most.
    fn default() -> Self {
        Self {
            max_retries: 2,
            retry_delay: Duration::from_secs(1),
            retry_on_network_error: RetryOnNetworkError::Auto,
            hard_codes: Vec::new(),
            soft_codes: Vec::new(),
        }
    }
}

impl RetryPolicy {
    /// For jobs that have time: five sends at most.
    #[must_use]
    pub fn batch_processing() -> Self {
        Self::default().with_max_retries(4)
    }

    /// For callers who would rather know at once: every call is sent once.
    #[must_use]
    pub fn realtime() -> Self {
        Self::default().with_max_retries(0)
    }

    /// How often a call may be sent again; 0 sends it once. Default: 2.
    #[must_use]
    pub fn with_max_retries(mut self, max_retries: u32) -> Self {
        self.max_retries = max_retries;
        self
    }

    /// The longest wait before the first repeat; it doubles with each, up to 30 s. What is waited is a random part of it,
    /// so that many callers do not come back at once. Default: 1 s.
    #[must_use]
    pub fn with_retry_delay(mut self, delay: Duration) -> Self {
        self.retry_delay = delay;
        self
    }

    /// What to do after a failure that leaves open whether the call ran. Default: `Auto`.
    #[must_use]
    pub fn with_retry_on_network_error(mut self, choice: RetryOnNetworkError) -> Self {
        self.retry_on_network_error = choice;
        self
    }

    /// Codes that are final beside those that always are.
    #[must_use]
    pub fn with_hard_codes<C: Into<Box<str>>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.hard_codes.extend(codes.into_iter().map(Into::into));
        self
    }

    /// Codes that are soft beside those that always are: final, and a condition rather than a fault.
    #[must_use]
    pub fn with_soft_codes<C: Into<Box<str>>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.soft_codes.extend(codes.into_iter().map(Into::into));
        self
    }

    /// How often a call may be sent again.
    #[must_use]
    pub fn max_retries(&self) -> u32 {
        self.max_retries
    }

    /// The longest wait before the first repeat.
    #[must_use]
    pub fn retry_delay(&self) -> Duration {
        self.retry_delay
    }

    /// What to do after a failure that leaves open whether the call ran.
    #[must_use]
    pub fn retry_on_network_error(&self) -> RetryOnNetworkError {
        self.retry_on_network_error
    }

    /// The codes that are final beside those that always are.
    #[must_use]
    pub fn hard_codes(&self) -> &[Box<str>] {
        &self.hard_codes
    }

    /// The codes that are soft beside those that always are.
    #[must_use]
    pub fn soft_codes(&self) -> &[Box<str>] {
        &self.soft_codes
    }
}
