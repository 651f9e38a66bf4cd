//! Times as a database holds them: milliseconds since 1970. What does not fit becomes the nearest that does.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) fn of(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

pub(super) fn to_time(millis: i64) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(millis).unwrap_or_default());
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_time_comes_back_to_the_millisecond() {
        let time = UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
        assert_eq!(of(time + Duration::from_micros(999)), 1_790_000_000_123);
        assert_eq!(to_time(of(time)), time);
    }

    #[test]
    fn what_does_not_fit_becomes_the_nearest_that_does() {
        assert_eq!(of(UNIX_EPOCH - Duration::from_secs(1)), 0);
        assert_eq!(to_time(-1), UNIX_EPOCH);
    }
}
