//! The leaky bucket before the portal: one counter per source address.
//!
//! One unit in per request, `leak` units out once a second, refusal above `burst`.
//! <https://apidocs.bitrix24.com/settings/performance/limits.html>

use std::time::Duration;

use crate::config::Limits;

/// The counter of one source address.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bucket {
    level: u32,
    /// The last drain already taken into account, as a tick number.
    drained: u64,
}

impl Bucket {
    /// Counts a request that arrives `now`; false when it is refused.
    pub(crate) fn admit(&mut self, now: Duration, limits: &Limits) -> bool {
        let tick = tick(now, limits.drain_phase);
        let drains = u32::try_from(tick.saturating_sub(self.drained)).unwrap_or(u32::MAX);
        self.level = self.level.saturating_sub(limits.leak.saturating_mul(drains));
        self.drained = self.drained.max(tick);

        let admitted = self.level < limits.burst;
        if admitted || limits.refused_count {
            self.level = self.level.saturating_add(1);
        }
        admitted
    }
}

/// How many drains have happened up to `now`: they come at `phase`, `phase + 1 s`, …
fn tick(now: Duration, phase: Duration) -> u64 {
    let since = now.checked_sub(Duration::from_nanos(u64::from(phase.subsec_nanos())));
    since.map_or(0, |since| since.as_secs().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(leak: u32, burst: u32) -> Limits {
        Limits::default().with_rate(leak, burst)
    }

    const START: Duration = Duration::from_secs(1_000);

    #[test]
    fn a_burst_of_x_passes_and_the_next_is_refused() {
        let mut bucket = Bucket::default();
        let limits = limits(2, 50);
        let passed = (0..60).filter(|_| bucket.admit(START, &limits)).count();
        assert_eq!(passed, 50);
    }

    #[test]
    fn the_bucket_drains_in_steps_once_a_second() {
        let mut bucket = Bucket::default();
        let limits = limits(2, 3);
        for _ in 0..3 {
            assert!(bucket.admit(START, &limits));
        }
        assert!(!bucket.admit(START + Duration::from_millis(999), &limits));
        let later = START + Duration::from_secs(1);
        assert!(bucket.admit(later, &limits));
        assert!(bucket.admit(later, &limits));
        assert!(!bucket.admit(later, &limits));
    }

    #[test]
    fn the_phase_moves_the_moment_of_the_drain() {
        let mut bucket = Bucket::default();
        let limits = limits(1, 1).with_drain_phase(Duration::from_millis(300));
        assert!(bucket.admit(START, &limits));
        assert!(!bucket.admit(START + Duration::from_millis(299), &limits));
        assert!(bucket.admit(START + Duration::from_millis(300), &limits));
    }

    #[test]
    fn refused_requests_count_only_when_asked_to() {
        for (counts, want) in [(false, true), (true, false)] {
            let mut bucket = Bucket::default();
            let limits = limits(2, 2).with_refused_count(counts);
            for _ in 0..10 {
                bucket.admit(START, &limits);
            }
            assert_eq!(bucket.admit(START + Duration::from_secs(1), &limits), want);
        }
    }

    proptest! {
        /// The model walks second by second; the bucket jumps.
        #[test]
        fn agrees_with_a_bucket_that_is_drained_by_hand(
            leak in 1_u32..6,
            burst in 1_u32..30,
            phase in 0_u64..1000,
            counts: bool,
            gaps in prop::collection::vec(0_u64..2500, 1..120),
        ) {
            let limits = limits(leak, burst)
                .with_refused_count(counts)
                .with_drain_phase(Duration::from_millis(phase));
            let mut bucket = Bucket::default();
            let (mut level, mut clock) = (0_u32, 1_000_000_u64);
            for gap in gaps {
                for _ in 0..gap {
                    clock += 1;
                    if clock % 1000 == phase {
                        level = level.saturating_sub(leak);
                    }
                }
                let admitted = level < burst;
                if admitted || counts {
                    level += 1;
                }
                prop_assert_eq!(bucket.admit(Duration::from_millis(clock), &limits), admitted);
            }
        }
    }
}
