//! The portal's time: the machine's, or one that a test moves by hand.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where a portal takes the time from. Times are counted from the Unix epoch.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    Machine { started: Duration, at: Instant },
    Virtual(VirtualClock),
}

impl Clock {
    /// The machine's clock. It runs on tokio's, so that a paused runtime pauses an in-process portal as well.
    #[must_use]
    pub fn real() -> Self {
        // The one place where the time of day enters; everything else takes `now` as an argument.
        #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
        let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(Source::Machine { started, at: Instant::now() })
    }

    /// The time now, since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Duration {
        match &self.0 {
            Source::Machine { started, at } => started.saturating_add(at.elapsed()),
            Source::Virtual(clock) => clock.now(),
        }
    }

    /// Lets time pass: a real wait on the machine's clock, a step of a virtual one.
    pub(crate) async fn pass(&self, time: Duration) {
        if time.is_zero() {
            return;
        }
        match &self.0 {
            Source::Machine { .. } => tokio::time::sleep(time).await,
            Source::Virtual(clock) => clock.advance(time),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::real()
    }
}

impl From<VirtualClock> for Clock {
    fn from(clock: VirtualClock) -> Self {
        Self(Source::Virtual(clock))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0 {
            Source::Machine { .. } => "real",
            Source::Virtual(_) => "virtual",
        };
        f.debug_tuple("Clock").field(&kind).field(&self.now()).finish()
    }
}

/// A clock that stands still until it is moved. Clones share the time.
///
/// A latency or a pause of the portal moves it too, instead of being waited for.
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<Mutex<Duration>>);

impl VirtualClock {
    /// A clock that shows 2026-08-20 12:00:00 UTC.
    #[must_use]
    pub fn new() -> Self {
        Self::at(Duration::from_secs(1_787_227_200))
    }

    /// A clock that shows a time since the Unix epoch.
    #[must_use]
    pub fn at(now: Duration) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// Moves the clock forward, at most to the last moment there is.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by);
    }

    /// The time now, since the Unix epoch.
    #[must_use]
    pub fn now(&self) -> Duration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for VirtualClock {
    fn default() -> Self {
        Self::new()
    }
}
