//! The numbers of a bucket, in whole units.

use std::time::Duration;

use crate::settings::RateLimit;

/// One call, in the units that levels are counted in: rates may be fractions.
pub(super) const CALL: u64 = 1000;
/// Into how many moments a period is cut: the drain may come at any of them.
pub(super) const PHASES: usize = 50;

/// What a bucket holds, and what it loses once in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(super) capacity: u64,
    pub(super) drain: u64,
    /// The period, cut into [`PHASES`].
    pub(super) tick: Duration,
}

impl Shape {
    /// The bucket of `rate` of whose drain only a part, `factor`, is to be used.
    ///
    /// The portal drains once a second. A rate that would drain more than there is room for cannot be meant that way: its
    /// period is shorter, so that the calls are spread.
    pub(crate) fn new(rate: &RateLimit, factor: f64) -> Self {
        let drain = (rate.drain_per_second * factor).max(rate.drain_per_second.min(LEAST_DRAIN));
        let period = (rate.burst / drain).min(1.0);
        Self {
            capacity: units(rate.burst),
            drain: units(drain * period).max(1),
            tick: Duration::from_secs_f64(period).max(LEAST_PERIOD) / PHASES_U32,
        }
    }

    /// How many calls a second drain.
    pub(crate) fn drain_per_second(&self) -> f64 {
        calls(self.drain) / (self.tick * PHASES_U32).as_secs_f64()
    }

    /// How long `count` calls take to drain.
    pub(crate) fn time_for(&self, count: u64) -> Duration {
        let periods = count.saturating_mul(CALL).div_ceil(self.drain);
        (self.tick * PHASES_U32).saturating_mul(u32::try_from(periods).unwrap_or(u32::MAX))
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked parameters: 0 to a million")]
fn units(calls: f64) -> u64 {
    (calls * 1000.0 + 1e-6).floor() as u64
}

#[allow(clippy::cast_precision_loss, reason = "levels stay far below 2^53")]
pub(super) fn calls(units: u64) -> f64 {
    units as f64 / 1000.0
}

/// The least that is left of a rate by refusals, as in the official SDK.
const LEAST_DRAIN: f64 = 0.5;
/// Timers are no finer.
const LEAST_PERIOD: Duration = Duration::from_millis(20);
const PHASES_U32: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_period_is_a_second_unless_more_drains_than_there_is_room_for() {
        for (burst, drain, factor, want) in [
            (50.0, 2.0, 1.0, (50_000, 2_000, 20_000)),
            (250.0, 5.0, 0.5, (250_000, 2_500, 20_000)),
            (50.0, 2.0, 0.1, (50_000, 500, 20_000)),
            (1.0, 0.25, 0.1, (1_000, 250, 20_000)),
            (5.0, 5.0, 1.0, (5_000, 5_000, 20_000)),
            (1.0, 10.0, 1.0, (1_000, 1_000, 2_000)),
        ] {
            let shape = Shape::new(&RateLimit::new(burst, drain), factor);
            let want = Shape { capacity: want.0, drain: want.1, tick: Duration::from_micros(want.2) };
            assert_eq!(shape, want, "{burst}/{drain} {factor}");
        }
    }
}
