//! The operating limiter: seconds of handler time per credential and method in ten minutes.
//!
//! <https://apidocs.bitrix24.com/settings/performance/limits.html>

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::config::Overrun;

/// Work is kept in buckets of a minute, each for ten.
const BUCKET: Duration = Duration::from_secs(60);
const WINDOW: Duration = Duration::from_secs(600);
const BAN: Duration = Duration::from_secs(300);
/// Requests up to this long cost nothing.
const FREE: Duration = Duration::from_millis(100);

/// Whose counter it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// An inbound webhook, by its place in the configuration.
    Hook(usize),
    /// An application.
    App(String),
    /// Subcommands of a webhook's batch carry no webhook id: all webhooks of the portal share one counter.
    AnyHook,
}

/// What a successful reply tells in `time`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Reading {
    pub(crate) operating: Duration,
    pub(crate) reset_at: Duration,
}

/// All counters of a portal.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    meters: HashMap<(Owner, String), Meter>,
}

#[derive(Debug, Default)]
struct Meter {
    /// By minute: when its first call was, and the seconds spent.
    buckets: BTreeMap<u64, (Duration, Duration)>,
    banned_until: Duration,
}

impl Meters {
    /// Whether the method may run `now`.
    pub(crate) fn allows(
        &mut self,
        now: Duration,
        owner: &Owner,
        method: &str,
        limit: Duration,
        overrun: Overrun,
    ) -> bool {
        let Some(meter) = self.meters.get_mut(&(owner.clone(), method.to_owned())) else {
            return true;
        };
        match overrun {
            Overrun::Ban => now >= meter.banned_until,
            Overrun::Window => {
                meter.expire(now);
                meter.sum() <= limit
            }
        }
    }

    /// Counts a call that took `cost` and has succeeded.
    pub(crate) fn record(
        &mut self,
        now: Duration,
        owner: Owner,
        method: &str,
        cost: Duration,
        limit: Duration,
        overrun: Overrun,
    ) -> Reading {
        let meter = self.meters.entry((owner, method.to_owned())).or_default();
        meter.expire(now);
        // What is told is told in whole seconds, and at the told second the method must be free.
        let second = Duration::from_secs(now.as_secs());
        if cost > FREE {
            let minute = now.as_secs() / BUCKET.as_secs();
            let (_, spent) = meter.buckets.entry(minute).or_insert((second, Duration::ZERO));
            *spent = spent.saturating_add(cost);
        }
        let operating = meter.sum();
        if overrun == Overrun::Ban && operating > limit {
            // The newest servers drop the history and close the method for five minutes flat.
            meter.buckets.clear();
            meter.banned_until = second.saturating_add(BAN);
            return Reading { operating, reset_at: meter.banned_until };
        }
        let oldest = meter.buckets.values().next().map_or(second, |(first, _)| *first);
        Reading { operating, reset_at: oldest.saturating_add(WINDOW) }
    }
}

impl Meter {
    fn expire(&mut self, now: Duration) {
        self.buckets.retain(|_, (first, _)| first.saturating_add(WINDOW) > now);
    }

    fn sum(&self) -> Duration {
        self.buckets.values().fold(Duration::ZERO, |sum, (_, spent)| sum.saturating_add(*spent))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    const START: Duration = Duration::from_secs(60_000);

    struct Bench(Meters, Overrun);

    impl Bench {
        fn allows(&mut self, at: u64) -> bool {
            self.0.allows(START + Duration::from_secs(at), &Owner::Hook(0), "m", LIMIT, self.1)
        }

        fn record(&mut self, at: u64, millis: u64) -> Reading {
            let cost = Duration::from_millis(millis);
            self.0.record(START + Duration::from_secs(at), Owner::Hook(0), "m", cost, LIMIT, self.1)
        }
    }

    #[test]
    fn short_calls_are_free() {
        let mut bench = Bench(Meters::default(), Overrun::Window);
        assert_eq!(bench.record(0, 100).operating, Duration::ZERO);
        assert_eq!(bench.record(0, 101).operating, Duration::from_millis(101));
    }

    #[test]
    fn the_call_that_crosses_the_limit_succeeds_and_the_next_is_refused() {
        let mut bench = Bench(Meters::default(), Overrun::Window);
        bench.record(0, 10_000);
        assert!(bench.allows(1), "exactly at the limit is not over it");
        bench.record(1, 200);
        assert!(!bench.allows(2));
    }

    #[test]
    fn the_window_gives_back_one_minute_after_another() {
        let mut bench = Bench(Meters::default(), Overrun::Window);
        bench.record(0, 6_000);
        let reading = bench.record(70, 6_000);
        assert_eq!(reading.reset_at, START + Duration::from_secs(600));
        assert!(!bench.allows(599));
        assert!(bench.allows(600), "the oldest minute is gone, six seconds remain");
        assert_eq!(bench.record(601, 1_000).operating, Duration::from_secs(7));
    }

    #[test]
    fn the_ban_is_flat_and_leaves_a_full_budget() {
        let mut bench = Bench(Meters::default(), Overrun::Ban);
        let reading = bench.record(0, 11_000);
        assert_eq!(reading.reset_at, START + Duration::from_secs(300));
        assert!(!bench.allows(299));
        assert!(bench.allows(300));
        assert_eq!(bench.record(300, 5_000).operating, Duration::from_secs(5));
    }

    #[test]
    fn at_the_told_second_the_method_is_free() {
        for overrun in [Overrun::Window, Overrun::Ban] {
            let mut meters = Meters::default();
            let now = START + Duration::from_millis(999);
            let reading = meters.record(now, Owner::Hook(0), "m", LIMIT * 2, LIMIT, overrun);
            let told = Duration::from_secs(reading.reset_at.as_secs());
            let before = told - Duration::from_nanos(1);
            assert!(!meters.allows(before, &Owner::Hook(0), "m", LIMIT, overrun), "{overrun:?}");
            assert!(meters.allows(told, &Owner::Hook(0), "m", LIMIT, overrun), "{overrun:?}");
        }
    }

    #[test]
    fn endless_work_is_counted_like_any_other() {
        let mut meters = Meters::default();
        for minute in 0..3 {
            let now = START + minute * BUCKET;
            let reading = meters.record(now, Owner::Hook(0), "m", Duration::MAX, LIMIT, Overrun::Window);
            assert_eq!(reading.operating, Duration::MAX);
        }
    }

    #[test]
    fn owners_and_methods_do_not_share() {
        let mut meters = Meters::default();
        meters.record(START, Owner::Hook(0), "m", LIMIT * 2, LIMIT, Overrun::Window);
        for (owner, method, want) in [
            (Owner::Hook(0), "m", false),
            (Owner::Hook(0), "n", true),
            (Owner::Hook(1), "m", true),
            (Owner::AnyHook, "m", true),
            (Owner::App("app".into()), "m", true),
        ] {
            assert_eq!(meters.allows(START, &owner, method, LIMIT, Overrun::Window), want, "{owner:?} {method}");
        }
    }
}
