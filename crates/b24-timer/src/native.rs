//! tokio's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment of the clock that never goes back.
pub use tokio::time::Instant;
pub(crate) use tokio::time::Sleep as Alarm;

pub(crate) fn alarm(deadline: Instant) -> Alarm {
    tokio::time::sleep_until(deadline)
}

/// The time of day, since the Unix epoch. It may jump; a paused clock does not stop it.
#[must_use]
pub fn unix_time() -> Duration {
    #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
