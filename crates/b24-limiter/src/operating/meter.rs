//! One counter of a portal: how much it shows, how much is under way, when it may be used.

use std::time::Duration;

use super::window::Window;
use crate::{
    classify::Reading,
    settings::{OperatingLimit, threshold},
};

/// A counter that some answers report, or that a refusal has shown to be there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    window: Window,
    /// An answer has told the sum.
    reported: bool,
    /// The portal has refused the method: it counts, whether it tells or not.
    refused: bool,
    blocked_until: Duration,
    /// The lowest sum at which the portal has refused: its limit is no higher.
    limit_seen: Option<Duration>,
    /// What the calls under way are expected to cost.
    under_way: Duration,
    /// What one command is expected to cost.
    estimate: Duration,
}

/// A call has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Blocked {
    pub(crate) until: Duration,
    /// Nothing but time helps: otherwise an answer may come before.
    pub(crate) certain: bool,
}

impl Blocked {
    /// The later of two.
    pub(super) fn and(self, other: Self) -> Self {
        if self.until < other.until { other } else { self }
    }
}

/// The moment of an answer, on all clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The limiter's time.
    pub(crate) now: Duration,
    /// This machine's time of day.
    pub(crate) unix: Duration,
}

impl Meter {
    /// What counts now, as far as is known.
    pub(crate) fn used(&mut self, now: Duration) -> Duration {
        self.window.sum(now)
    }

    /// Whether anything is known of it.
    pub(crate) fn is_known(&self) -> bool {
        self.reported || self.refused
    }

    /// How long until a part of it is given back.
    pub(crate) fn resets_in(&self, now: Duration) -> Duration {
        let reset = self.window.first_expiry().unwrap_or_default().max(self.blocked_until);
        reset.saturating_sub(now)
    }

    /// Until when a call with so many commands must wait; `None` when it may go.
    ///
    /// The portal looks before each command: the last one may cross the limit, those before it must not.
    pub(crate) fn wait(&mut self, commands: u32, now: Duration, limit: &OperatingLimit) -> Option<Blocked> {
        if self.blocked_until > now {
            return Some(Blocked { until: self.blocked_until, certain: true });
        }
        if !self.is_known() {
            return None;
        }
        let threshold = self.threshold(limit);
        let before_last = self.estimate.saturating_mul(commands.saturating_sub(1)).min(threshold);
        let most = threshold.saturating_sub(before_last);
        let used = self.window.sum(now);
        if used.saturating_add(self.under_way) <= most && used < threshold {
            return None;
        }
        // Just below, so that a sum that stays exactly at the threshold is not taken for one that has fallen.
        let falls = self.window.falls_to(most.min(threshold.saturating_sub(GRAIN)), now);
        // A second on top, as the official SDK does: portals tell whole seconds. Where only calls under way are in the
        // way, their answers wake the waiting; the alarm is for answers that never come.
        let until = falls.map_or(now + UNDER_WAY_ALARM, |at| at + Duration::from_secs(1));
        Some(Blocked { until, certain: falls.is_some() })
    }

    /// From which sum on calls wait.
    fn threshold(&self, limit: &OperatingLimit) -> Duration {
        threshold(self.limit_seen.map_or(limit.limit, |seen| seen.min(limit.limit)))
    }

    /// A call with so many commands goes; what it is expected to cost.
    pub(crate) fn begin(&mut self, commands: u32) -> Duration {
        let cost = self.estimate.saturating_mul(commands);
        self.under_way = self.under_way.saturating_add(cost);
        cost
    }

    /// It is over.
    pub(crate) fn end(&mut self, expected: Duration) {
        self.under_way = self.under_way.saturating_sub(expected);
    }

    /// It was given up while the portal worked on it: it will cost what it costs.
    pub(crate) fn abandon(&mut self, expected: Duration, moment: Moment, limit: &OperatingLimit) {
        self.end(expected);
        self.spend(expected, moment, limit);
    }

    /// An answer that took `took` with `commands` of this counter, and what it told.
    pub(crate) fn learn(
        &mut self,
        reading: &Reading,
        commands: u32,
        took: Duration,
        moment: Moment,
        limit: &OperatingLimit,
    ) {
        let Moment { now, .. } = moment;
        let took = reading.worked.unwrap_or(took).min(took);
        let Some(total) = reading.operating else {
            self.estimate(took, commands);
            self.spend(took, moment, limit);
            return;
        };
        let before = self.window.sum(now);
        let cost = if self.reported { took.min(total.saturating_sub(before)) } else { took };
        self.estimate(cost, commands);
        let portal_now = reading.portal_time(moment.unix);
        let reset_in = reading.resets_in(moment.unix);
        let minute = portal_now.as_secs() / 60;
        self.window.set(total, minute, now, now + limit.window);
        self.reported = true;
        let Some(reset_in) = reset_in else { return };
        // The newest portals drop the sum after a flat ban; it tells itself by its length.
        // https://github.com/bitrix24/b24jssdk/pull/539
        let expected = self.window.first_expiry().unwrap_or(now + limit.window);
        let is_ban = total >= self.threshold(limit) && near(reset_in, BAN) && !near(expected - now.min(expected), BAN);
        let reset = now + reset_in;
        if is_ban {
            self.window.clear_at(reset);
            self.blocked_until = reset + Duration::from_secs(1);
        } else {
            self.window.set_first_expiry(reset);
        }
    }

    /// The portal has refused the method. It says nothing else, so what is remembered counts.
    pub(crate) fn refused(&mut self, retry_after: Option<Duration>, now: Duration, limit: &OperatingLimit) {
        let used = self.window.sum(now);
        let told = self.reported;
        let explained = used.saturating_add(self.under_way) >= self.threshold(limit).mul_f64(LEAST_LIMIT_PART);
        self.refused = true;
        let reset = self.window.first_expiry().filter(|_| explained).map(|at| at + Duration::from_secs(1));
        if explained && used > MARGIN {
            self.limit_seen = Some(self.limit_seen.map_or(used, |seen| seen.min(used)));
        }
        let until = match reset {
            // The portal's own word.
            Some(reset) if told => reset,
            // It does not tell, and it may be one that bans: the longer of the two.
            Some(reset) => reset.max(now + BAN),
            None => now + BAN,
        };
        self.blocked_until = self.blocked_until.max(until).max(now + retry_after.unwrap_or_default());
    }

    fn spend(&mut self, cost: Duration, Moment { now, unix }: Moment, limit: &OperatingLimit) {
        if cost > FREE {
            self.window.add(cost, unix.as_secs() / 60, now + limit.window);
        }
    }

    /// Learns what one command costs: more at once, less slowly.
    fn estimate(&mut self, cost: Duration, commands: u32) {
        let one = if cost > FREE { cost / commands.max(1) } else { Duration::ZERO };
        self.estimate = if one >= self.estimate { one } else { (self.estimate * 3 + one) / 4 };
    }
}

/// Whether two times are the same for a portal that tells whole seconds.
fn near(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) <= Duration::from_secs(2)
}

/// The flat ban of newer portals.
const BAN: Duration = Duration::from_secs(300);
/// Calls up to that long cost nothing.
const FREE: Duration = Duration::from_millis(100);
/// Portals limit at 300 to 480 s: a lower part of the configured limit is no reason to refuse.
const LEAST_LIMIT_PART: f64 = 0.6;
/// Below that a sum says nothing about the limit.
const MARGIN: Duration = Duration::from_secs(6);
const GRAIN: Duration = Duration::from_nanos(1);
const UNDER_WAY_ALARM: Duration = Duration::from_secs(60);
