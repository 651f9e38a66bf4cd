//! The bucket against a model of the portal's counter that shares nothing with it.
//!
//! Source: <https://apidocs.bitrix24.com/settings/performance/limits.html>

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::{Bucket, Shape, bucket::Stamp};
use crate::settings::RateLimit;

const MS: Duration = Duration::from_millis(1);

/// What the portal does: a counter that loses `drain` at `phase`, `phase + 1 s`, …
struct Portal {
    level: f64,
    drain: f64,
    burst: f64,
    next_drain: Duration,
}

impl Portal {
    fn new(burst: f64, drain: f64, phase: Duration) -> Self {
        Self { level: 0.0, drain, burst, next_drain: phase }
    }

    fn admits(&mut self, now: Duration) -> bool {
        while self.next_drain <= now {
            self.level = (self.level - self.drain).max(0.0);
            self.next_drain += Duration::from_secs(1);
        }
        self.level += 1.0;
        self.level <= self.burst
    }
}

proptest! {
    /// The portal of the model drains at any millisecond, and calls take any time up to a second to reach it.
    #[test]
    fn no_call_is_refused_at_any_phase_of_the_drain(
        burst in 1_u32..60,
        drain in 1_u32..8,
        phase in 0_u64..1000,
        calls in prop::collection::vec((0_u64..400, 0_u64..1000, 0_u64..400), 1..400),
    ) {
        let drain = drain.min(burst);
        let (burst, drain) = (f64::from(burst), f64::from(drain));
        let mut bucket = Bucket::new(Shape::new(&RateLimit::new(burst, drain), 1.0), Duration::ZERO);
        let mut portal = Portal::new(burst, drain, Duration::from_millis(phase));
        // (when it happens, its order, arrival at the portal or answer at the client)
        let mut events: BTreeMap<(Duration, usize), Option<Stamp>> = Default::default();
        let mut now = Duration::ZERO;
        for (order, (pause, way, back)) in calls.into_iter().enumerate() {
            now += MS * u32::try_from(pause / 10).unwrap();
            let stamp = loop {
                // Everything that happens before this call.
                while let Some(entry) = events.first_entry().filter(|entry| entry.key().0 <= now) {
                    let ((at, _), what) = entry.remove_entry();
                    match what {
                        None => prop_assert!(portal.admits(at), "refused at {at:?}"),
                        Some(stamp) => bucket.arrived(stamp, at),
                    }
                }
                match bucket.take(0, now) {
                    Ok(stamp) => break stamp,
                    Err(wait) => now = events.first_key_value().map_or(now + wait, |(key, _)| key.0.min(now + wait)),
                }
            };
            let there = now + Duration::from_millis(way);
            events.insert((there, 2 * order), None);
            events.insert((there + Duration::from_millis(back), 2 * order + 1), Some(stamp));
        }
        for ((at, _), what) in events {
            prop_assert!(what.is_some() || portal.admits(at), "refused at {at:?}");
        }
    }
}
