//! Where the time comes from.

use std::{fmt, future::Future, pin::Pin, time::Duration};

use b24_timer::Instant;

/// A clock and an alarm. The default is [`SystemTimer`]; a program that runs elsewhere brings its own.
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

/// tokio's clock, which tests can pause, and in a browser the browser's.
///
/// Outside of a browser a wait needs a tokio runtime with its time driver; reading the time does not.
#[derive(Clone, Copy, Debug)]
pub struct SystemTimer {
    start: Instant,
    unix_start: Duration,
}

impl SystemTimer {
    /// A clock that starts now.
    #[must_use]
    pub fn new() -> Self {
        // The one place where the time of day is read: a paused clock then carries it along.
        Self { start: Instant::now(), unix_start: b24_timer::unix_time() }
    }
}

impl Default for SystemTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer for SystemTimer {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    fn unix_time(&self, now: Duration) -> Duration {
        self.unix_start.saturating_add(now)
    }

    fn sleep(&self, time: Duration) -> Sleep {
        Box::pin(b24_timer::sleep(time))
    }
}
