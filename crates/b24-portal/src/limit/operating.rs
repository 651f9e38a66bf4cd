//! The operating limiter: seconds of handler time per credential and method in ten minutes.
//!
//! <https://apidocs.bitrix24.com/settings/performance/limits.html>

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::config::Overrun;

/// Work is kept in buckets of a minute, each for ten.
const BUCKET: Duration = Duration::from_secs(60);
const WINDOW: Duration = Duration::from_secs(600);
/// How long a bucket is kept: the last command of a batch begins later than what still arrives meanwhile.
const KEPT: Duration = Duration::from_secs(1200);
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

/// Work to be counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) began: Duration,
    /// When its answer tells how much has been spent.
    pub(crate) ended: Duration,
    pub(crate) counted: Duration,
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
    pub(crate) fn allows(&self, now: Duration, owner: &Owner, method: &str, limit: Duration, overrun: Overrun) -> bool {
        let Some(meter) = self.meters.get(&(owner.clone(), method.to_owned())) else {
            return true;
        };
        match overrun {
            Overrun::Ban => now >= meter.banned_until,
            Overrun::Window => meter.sum(now) <= limit,
        }
    }

    /// Counts the work of a call that has succeeded.
    pub(crate) fn record(
        &mut self,
        owner: Owner,
        method: &str,
        work: Work,
        limit: Duration,
        overrun: Overrun,
    ) -> Reading {
        let meter = self.meters.entry((owner, method.to_owned())).or_default();
        meter.buckets.retain(|_, (first, _)| first.saturating_add(KEPT) > work.began);
        if work.counted > FREE {
            meter.count(work);
        }
        let operating = meter.sum(work.ended);
        if overrun == Overrun::Ban && operating > limit {
            // The newest servers drop the history and close the method for five minutes flat.
            meter.buckets.clear();
            meter.banned_until = second(work.ended).saturating_add(BAN);
            return Reading { operating, reset_at: meter.banned_until };
        }
        let oldest = meter.open(work.ended).next().map_or(second(work.began), |(first, _)| *first);
        Reading { operating, reset_at: oldest.saturating_add(WINDOW) }
    }
}

impl Meter {
    /// Work is that of the minute in which it began. A server (`LoadLimiter` of its module `rest`) writes it there only
    /// when the request has been answered.
    fn count(&mut self, work: Work) {
        let began = second(work.began);
        let minute = began.as_secs() / BUCKET.as_secs();
        let (first, spent) = self.buckets.entry(minute).or_insert((began, Duration::ZERO));
        // A command late in a batch may be counted before the call that began first.
        *first = began.min(*first);
        *spent = spent.saturating_add(work.counted);
    }

    /// The buckets that have not expired at `now`, oldest first.
    fn open(&self, now: Duration) -> impl Iterator<Item = &(Duration, Duration)> {
        self.buckets.values().filter(move |(first, _)| first.saturating_add(WINDOW) > now)
    }

    fn sum(&self, now: Duration) -> Duration {
        self.open(now).fold(Duration::ZERO, |sum, (_, spent)| sum.saturating_add(*spent))
    }
}

/// What is told is told in whole seconds, and at the told second the method must be free.
fn second(moment: Duration) -> Duration {
    Duration::from_secs(moment.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);
    const START: Duration = Duration::from_secs(60_000);

    struct Bench(Meters, Overrun);

    impl Bench {
        fn allows(&self, at: u64) -> bool {
            self.0.allows(START + Duration::from_secs(at), &Owner::Hook(0), "m", LIMIT, self.1)
        }

        fn record(&mut self, at: u64, millis: u64) -> Reading {
            self.span(at, at, millis)
        }

        fn span(&mut self, began: u64, ended: u64, millis: u64) -> Reading {
            let [began, ended] = [began, ended].map(|at| START + Duration::from_secs(at));
            let work = Work { began, ended, counted: Duration::from_millis(millis) };
            self.0.record(Owner::Hook(0), "m", work, LIMIT, self.1)
        }
    }

    fn at_once(now: Duration, counted: Duration) -> Work {
        Work { began: now, ended: now, counted }
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
    fn work_is_on_the_counter_before_it_ends() {
        let mut bench = Bench(Meters::default(), Overrun::Window);
        bench.span(0, 11, 11_000);
        assert!(!bench.allows(1));
        assert!(bench.allows(600), "and leaves ten minutes after it began");
    }

    #[test]
    fn what_expires_while_a_call_works_is_not_told_but_still_counts_meanwhile() {
        let mut bench = Bench(Meters::default(), Overrun::Window);
        bench.record(0, 6_000);
        let reading = bench.span(590, 610, 5_000);
        assert_eq!(reading.operating, Duration::from_secs(5));
        assert_eq!(reading.reset_at, START + Duration::from_secs(1190));
        assert!(!bench.allows(599));
        assert!(bench.allows(600));
    }

    #[test]
    fn a_command_late_in_its_batch_takes_nothing_from_those_who_come_before_it() {
        let mut bench = Bench(Meters::default(), Overrun::Window);
        bench.record(0, 6_000);
        bench.span(610, 615, 5_000);
        assert!(!bench.allows(599));
        assert!(bench.allows(600));
    }

    #[test]
    fn a_minute_is_as_old_as_the_first_work_in_it() {
        let mut bench = Bench(Meters::default(), Overrun::Window);
        bench.span(30, 31, 1_000);
        assert_eq!(bench.span(10, 11, 1_000).reset_at, START + Duration::from_secs(610));
        assert_eq!(bench.span(40, 41, 1_000).reset_at, START + Duration::from_secs(610));
    }

    #[test]
    fn the_ban_lasts_from_the_end_of_the_work() {
        let mut bench = Bench(Meters::default(), Overrun::Ban);
        assert_eq!(bench.span(0, 11, 11_000).reset_at, START + Duration::from_secs(311));
        assert!(!bench.allows(1), "but begins with it");
        assert!(!bench.allows(310));
        assert!(bench.allows(311));
    }

    #[test]
    fn at_the_told_second_the_method_is_free() {
        for overrun in [Overrun::Window, Overrun::Ban] {
            let mut meters = Meters::default();
            let now = START + Duration::from_millis(999);
            let reading = meters.record(Owner::Hook(0), "m", at_once(now, LIMIT * 2), LIMIT, overrun);
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
            let work = at_once(now, Duration::MAX);
            let reading = meters.record(Owner::Hook(0), "m", work, LIMIT, Overrun::Window);
            assert_eq!(reading.operating, Duration::MAX);
        }
    }

    #[test]
    fn owners_and_methods_do_not_share() {
        let mut meters = Meters::default();
        meters.record(Owner::Hook(0), "m", at_once(START, LIMIT * 2), LIMIT, Overrun::Window);
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
