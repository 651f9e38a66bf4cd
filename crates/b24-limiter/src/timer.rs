//! Where the time comes from.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

/// A clock and an alarm. The default is tokio's; a program that runs elsewhere brings its own.
pub trait Timer: fmt::Debug + Send + Sync + 'static {
    /// The time since some fixed moment. It never goes back.
    fn now(&self) -> Duration;

    /// The time of day at `now`, a moment of this clock, since the Unix epoch. It is compared with what a portal says about
    /// its own.
    fn unix_time(&self, now: Duration) -> Duration;

    /// Is done when so much time has passed.
    fn sleep(&self, time: Duration) -> Sleep;
}

/// A wait; dropping it ends it.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// tokio's clock, which tests can pause. A wait needs a tokio runtime with its time driver; reading the time does not.
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer {
    start: Instant,
    unix_start: Duration,
}

impl TokioTimer {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        // The one place where the time of day is read: a paused clock then carries it along.
        #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
        let unix_start = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Instant::now(), unix_start }
    }
}

impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer for TokioTimer {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn unix_time(&self, now: Duration) -> Duration {
        self.unix_start.saturating_add(now)
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }
}
