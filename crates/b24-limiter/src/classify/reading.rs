//! What an answer tells of operating time.

use std::time::Duration;

use b24_core::Time;

/// What an answer tells of operating time; anything may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Reading {
    /// The sum for the credential and the method.
    pub operating: Option<Duration>,
    /// When the oldest part of it expires, by the portal's clock, since the Unix epoch.
    pub resets_at: Option<Duration>,
    /// The portal's time of day.
    pub portal_now: Option<Duration>,
    /// How long the portal worked on it.
    pub worked: Option<Duration>,
}

impl Reading {
    /// A sum of operating time that is partly given back at `resets_at`, by the portal's clock.
    #[must_use]
    pub fn new(operating: Duration, resets_at: Duration) -> Self {
        Self { operating: Some(operating), resets_at: Some(resets_at), ..Self::default() }
    }

    /// Says what the portal's time of day was.
    #[must_use]
    pub fn with_portal_now(mut self, now: Duration) -> Self {
        self.portal_now = Some(now);
        self
    }

    /// Says how long the portal worked on it.
    #[must_use]
    pub fn with_worked(mut self, worked: Duration) -> Self {
        self.worked = Some(worked);
        self
    }

    /// What the `time` of an answer tells.
    #[must_use]
    pub fn of(time: &Time) -> Self {
        let seconds = |value: Option<f64>| value.and_then(|value| Duration::try_from_secs_f64(value).ok());
        Self {
            operating: seconds(time.operating),
            resets_at: seconds(time.operating_reset_at),
            portal_now: seconds(time.finish),
            worked: seconds(time.duration),
        }
    }

    /// Two readings of one counter, in the order they came.
    pub(crate) fn and(self, later: &Self) -> Self {
        Self {
            operating: self.operating.max(later.operating),
            resets_at: later.resets_at.or(self.resets_at),
            portal_now: later.portal_now.or(self.portal_now),
            worked: None,
        }
    }

    /// How long until the oldest part expires. Clocks disagree, so the portal's own is asked first, then ours; what is in
    /// the past by both, or further away than any window, says nothing.
    pub(crate) fn resets_in(&self, unix: Duration) -> Option<Duration> {
        let at = self.resets_at?;
        let clocks = [self.portal_now, Some(unix)];
        let left = clocks.into_iter().flatten().find_map(|now| left(at, now))?;
        Some(left.max(LEAST))
    }

    /// The portal's time of day, as far as can be told.
    pub(crate) fn portal_time(&self, unix: Duration) -> Duration {
        match (self.portal_now, self.resets_at) {
            (Some(now), Some(at)) if left(at, now).is_some() => now,
            (Some(now), None) => now,
            _ => unix,
        }
    }
}

/// What is left until `at`, if that can be the end of a window.
fn left(at: Duration, now: Duration) -> Option<Duration> {
    let left = at.saturating_sub(now);
    (left <= LONGEST && now <= at + SLACK).then_some(left)
}

/// A window of ten minutes, and what rounding adds.
const LONGEST: Duration = Duration::from_secs(660);
/// A reset that has just passed.
const SLACK: Duration = Duration::from_secs(5);
/// A reset that has passed: the official SDK waits so long before it looks again.
const LEAST: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(resets_at: u64, portal_now: Option<u64>) -> Reading {
        let seconds = Duration::from_secs;
        Reading { resets_at: Some(seconds(resets_at)), portal_now: portal_now.map(seconds), ..Reading::default() }
    }

    #[test]
    fn the_portals_clock_is_asked_first_and_ours_when_it_makes_no_sense() {
        let unix = Duration::from_secs(2_000_000);
        for (resets_at, portal_now, want) in [
            // A portal whose clock is an hour ahead of ours.
            (2_003_900, Some(2_003_600), Some(300)),
            // A `finish` of long ago.
            (2_000_003, Some(1_000_000), Some(3)),
            (2_000_300, None, Some(300)),
            // Just passed.
            (2_000_000, Some(2_000_001), Some(1)),
            // Neither clock explains it.
            (5_000_000, Some(1_000_000), None),
            (1_000, None, None),
        ] {
            let left = reading(resets_at, portal_now).resets_in(unix);
            assert_eq!(left, want.map(Duration::from_secs), "{resets_at} {portal_now:?}");
        }
    }

    #[test]
    fn nonsense_in_the_answer_is_no_reading() {
        let time = serde_json::from_str(r#"{"operating":-5,"operating_reset_at":1e300}"#).unwrap();
        let time = Time::read(time).unwrap();
        assert_eq!(Reading::of(&time), Reading::default());
    }
}
