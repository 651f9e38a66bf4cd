//! What the counters show.

use std::{sync::Arc, time::Duration};

use super::{state::State, uses::Key, wish::Wish};
use crate::{
    operating::Account,
    stats::{MethodStats, Observer, RateStats, Stats},
};

impl State {
    /// A call is not let wait.
    pub(super) fn reject(&mut self, wish: &mut Wish, now: Duration) -> Vec<Arc<dyn Observer>> {
        self.give_up(wish, now);
        self.tally.rejected += 1;
        self.observers.clone()
    }

    pub(super) fn reset_stats(&mut self) {
        self.tally.reset();
        self.accounts.values_mut().for_each(|account| account.tally = Default::default());
    }

    /// Whether the rate is what a new limiter would believe it to be.
    fn rate_is_fresh(&self, now: Duration) -> bool {
        self.restrictions.rate.is_none_or(|rate| {
            let gauge = self.source.gauge(&rate, now);
            gauge.tokens >= rate.burst.floor() && gauge.refusals_in_a_row == 0
        })
    }

    pub(super) fn is_idle(&mut self, now: Duration) -> bool {
        self.tally.in_flight == 0
            && self.rate_line.is_empty()
            && self.source.is_idle()
            && self.rate_is_fresh(now)
            && self.accounts.values_mut().all(|account| account.is_idle(now))
    }

    /// Where the rate stands.
    pub(super) fn rate_stats(&self, now: Duration) -> Option<RateStats> {
        let limit = self.restrictions.rate?;
        let gauge = self.source.gauge(&limit, now);
        Some(RateStats {
            limit,
            tokens: gauge.tokens,
            drain_per_second: gauge.drain_per_second,
            waiting: self.rate_line.len(),
            pause: gauge.pause,
            refusals_in_a_row: gauge.refusals_in_a_row,
        })
    }

    pub(super) fn stats(&mut self, now: Duration) -> Stats {
        let rate = self.rate_stats(now);
        let mut methods: Vec<_> =
            self.accounts.iter_mut().map(|(key, account)| method_stats(key, account, now)).collect();
        methods.sort_unstable_by(|one, other| one.method.cmp(&other.method));
        let tally = &self.tally;
        Stats {
            sends: tally.sends,
            succeeded: tally.succeeded,
            failed: tally.failed,
            in_flight: tally.in_flight,
            repeats: 0,
            duration: tally.duration,
            waits: tally.waits(),
            rejected: tally.rejected,
            rate,
            rate_refusals: tally.rate_refusals,
            operating_refusals: tally.operating_refusals,
            adaptive_delays: tally.adaptive_delays,
            adaptive_delay: tally.adaptive_delay,
            heavy: tally.heavy,
            codes: tally.codes.iter().cloned().collect(),
            failures: tally.failures.iter().cloned().collect(),
            methods,
        }
    }
}

fn method_stats(key: &Key, account: &mut Account, now: Duration) -> MethodStats {
    MethodStats {
        owner: key.owner,
        method: key.method.clone(),
        sends: account.tally.sends,
        duration: account.tally.duration,
        in_flight: account.in_flight,
        waiting: account.line.len(),
        operating: account.used(now),
        resets_in: account.resets_in(now),
        refusals: account.tally.blocked,
    }
}
