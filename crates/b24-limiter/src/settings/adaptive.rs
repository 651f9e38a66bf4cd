//! Slowing down before a limit is reached.

use std::time::Duration;

use super::{InvalidRestrictions, invalid};

/// Each call of a method that has used up much of its time waits a little before it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdaptiveDelay {
    /// Whether calls are delayed at all.
    pub enabled: bool,
    /// From which share of the operating limit on, in percent. Default: 80.
    pub threshold_percent: f64,
    /// Which part of the time until the next reset each call waits. Default: 0.01.
    pub coefficient: f64,
    /// The longest delay. Default: 7 s.
    pub max_delay: Duration,
}

impl AdaptiveDelay {
    /// The delay of a call whose method has used `percent` of its time, which is given back after `reset_in`.
    pub(crate) fn delay(&self, percent: f64, reset_in: Duration) -> Option<Duration> {
        let wanted = self.enabled && percent > self.threshold_percent;
        wanted.then(|| reset_in.mul_f64(self.coefficient).min(self.max_delay))
    }

    pub(super) fn check(&self) -> Result<(), InvalidRestrictions> {
        let percent = "a percentage from 0 to 100";
        invalid::number("adaptiveConfig.thresholdPercent", self.threshold_percent, 0.0..=100.0, percent)?;
        invalid::number("adaptiveConfig.coefficient", self.coefficient, 0.0..=1.0, "a number from 0 to 1")?;
        invalid::duration("adaptiveConfig.maxDelay", self.max_delay, Duration::ZERO..=invalid::DAY, "at most a day")
    }
}

impl Default for AdaptiveDelay {
    fn default() -> Self {
        Self { enabled: true, threshold_percent: 80.0, coefficient: 0.01, max_delay: Duration::from_secs(7) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_is_a_part_of_the_time_until_the_reset() {
        let batch = AdaptiveDelay {
            threshold_percent: 50.0,
            coefficient: 0.015,
            max_delay: Duration::from_secs(10),
            ..AdaptiveDelay::default()
        };
        let off = AdaptiveDelay { enabled: false, ..AdaptiveDelay::default() };
        for (config, percent, reset, want) in [
            (AdaptiveDelay::default(), 80.0, 300, None),
            (AdaptiveDelay::default(), 80.1, 300, Some(3_000)),
            (AdaptiveDelay::default(), 95.0, 600, Some(6_000)),
            (AdaptiveDelay::default(), 95.0, 900, Some(7_000)),
            (AdaptiveDelay::default(), 95.0, 0, Some(0)),
            (batch, 51.0, 600, Some(9_000)),
            (batch, 51.0, 700, Some(10_000)),
            (off, 100.0, 600, None),
        ] {
            let delay = config.delay(percent, Duration::from_secs(reset));
            assert_eq!(delay, want.map(Duration::from_millis), "{percent} % {reset} s");
        }
    }
}
