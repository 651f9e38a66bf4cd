//! Waits, by their order of magnitude.

use std::time::Duration;

/// Counts durations in steps of a quarter of their size: percentiles are right to a quarter, whatever the number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Histogram {
    /// As many steps as were needed so far: most limiters see no long waits, and there may be thousands of them.
    counts: Vec<u32>,
    pub(crate) count: u64,
    pub(crate) total: Duration,
    pub(crate) max: Duration,
}

impl Histogram {
    pub(crate) fn record(&mut self, value: Duration) {
        let step = step(value);
        if self.counts.len() <= step {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] = self.counts[step].saturating_add(1);
        self.count += 1;
        self.total = self.total.saturating_add(value);
        self.max = self.max.max(value);
    }

    /// The value that `percent` of all are not above.
    pub(crate) fn percentile(&self, percent: u64) -> Duration {
        let rank = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (step, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return upper(step).min(self.max);
            }
        }
        self.max
    }
}

/// Four steps for each doubling, from a millisecond to more than a day.
const STEPS: usize = 4 * 28;

/// Milliseconds below four have a step each; above them the two bits after the first decide.
#[allow(clippy::cast_possible_truncation, reason = "far below 2^32")]
fn step(value: Duration) -> usize {
    let millis = u64::try_from(value.as_millis()).unwrap_or(u64::MAX);
    if millis < 4 {
        return millis as usize;
    }
    let doublings = u64::from(millis.ilog2());
    let quarter = (millis >> (doublings - 2)) & 3;
    ((4 * (doublings - 1) + quarter) as usize).min(STEPS - 1)
}

/// The largest value of a step.
fn upper(step: usize) -> Duration {
    let step = step as u64 + 1;
    let millis = if step <= 4 { step } else { (4 + step % 4) << (step / 4 - 1) };
    Duration::from_millis(millis - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_quarter() {
        let mut histogram = Histogram::default();
        (1..=1000).for_each(|millis| histogram.record(Duration::from_millis(millis)));
        for (percent, want) in [(50, 500), (95, 950), (100, 1000)] {
            let got = u64::try_from(histogram.percentile(percent).as_millis()).unwrap();
            assert!(got >= want && got <= want * 5 / 4, "{percent} %: {got}");
        }
        assert_eq!((histogram.count, histogram.max), (1000, Duration::from_secs(1)));
        assert_eq!(Histogram::default().percentile(95), Duration::ZERO);
    }

    #[test]
    fn every_value_lies_in_its_step() {
        for millis in (0..5000).chain([86_400_000, 1 << 40]) {
            let step = step(Duration::from_millis(millis));
            let fits = step == STEPS - 1 || Duration::from_millis(millis) <= upper(step);
            assert!(fits && (step == 0 || Duration::from_millis(millis) > upper(step - 1)), "{millis}");
        }
    }
}
