//! One counter of a portal: how much it shows, how much is under way, when it may be used.

use std::time::Duration;

use super::window::Window;
use crate::{
    classify::Reading,
    settings::{OperatingLimit, Restrictions, threshold},
};

/// A counter that some answers report, or that a refusal has shown to be there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter {
    window: Window,
    /// An answer has told the sum.
    reported: bool,
    /// The portal has refused the method: it counts, whether it tells or not.
    refused: bool,
    /// Refusals without a success between them.
    refusals: u32,
    blocked_until: Duration,
    /// The lowest sum at which the portal has refused, and until when that is believed: its limit is no higher.
    limit_seen: Option<(Duration, Duration)>,
    /// When the newest answer that told a sum was written, by the portal's clock: answers overtake each other.
    newest: Option<Duration>,
    /// It has passed every limit there may be, and was not refused.
    boundless: bool,
    /// Commands under way.
    under_way: u32,
    /// What one command is expected to cost: also one that went before anything was known.
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

/// What the portal did for one command, by the limiter's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Work {
    pub(crate) began: Duration,
    pub(crate) took: Duration,
}

/// What an answer told of a counter, and what this process had the portal do for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    pub(crate) reading: &'a Reading,
    pub(crate) work: &'a [Work],
    /// Into how many commands the work is split.
    pub(crate) commands: u32,
}

/// What counters go by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) operating: OperatingLimit,
    /// It is a portal of the cloud: one that limits.
    pub(crate) rate_is_limited: bool,
}

impl Rules {
    pub(crate) fn of(restrictions: &Restrictions) -> Self {
        Self { operating: restrictions.operating, rate_is_limited: restrictions.rate.is_some() }
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
    /// The portal looks before each command: the last one may cross the limit, those before it must not. `elsewhere` is what
    /// is under way on the same counter under another name.
    pub(crate) fn wait(&mut self, commands: u32, elsewhere: Duration, now: Duration, rules: &Rules) -> Option<Blocked> {
        if let Some(blocked) = self.shut(now) {
            return Some(blocked);
        }
        let used = self.window.sum(now);
        // Where an answer of a call under way is waited for, the alarm is for answers that never come.
        let answer = Blocked { until: now.saturating_add(ANSWER_ALARM), certain: false };
        if !self.is_known() {
            return Some(answer).filter(|_| self.must_feel_its_way(commands, used, rules));
        }
        // What others spent before this process began has expired in part, and nobody has told how much is left.
        if self.window.is_unconfirmed() && self.under_way > 0 {
            return Some(answer);
        }
        let threshold = self.threshold(now, rules);
        // Where no sum is told, nor is the ban that may follow the last one: it must fit in as well.
        let before = commands.saturating_sub(u32::from(self.reported));
        let most = threshold.saturating_sub(self.estimate.saturating_mul(before).min(threshold));
        let under_way = self.cost_under_way().saturating_add(elsewhere);
        if used.saturating_add(under_way) <= most && used < threshold {
            return None;
        }
        // Just below, so that a sum that stays exactly at the threshold is not taken for one that has fallen.
        let falls = self.window.falls_to(most.min(threshold.saturating_sub(GRAIN)), now);
        // A second on top, as the official SDK does: portals tell whole seconds.
        let until = falls.map(|at| at.saturating_add(Duration::from_secs(1)));
        Some(until.map_or(answer, |until| Blocked { until, certain: true }))
    }

    /// Whether the portal refuses it now.
    pub(crate) fn shut(&self, now: Duration) -> Option<Blocked> {
        (self.blocked_until > now).then_some(Blocked { until: self.blocked_until, certain: true })
    }

    /// What the calls under way are expected to cost.
    pub(crate) fn cost_under_way(&self) -> Duration {
        self.estimate.saturating_mul(self.under_way)
    }

    /// A portal that limits, but tells no sums, refuses somewhere between 300 and 480 s. There calls go one by one: a
    /// refusal then hits one of them and not all that are under way. What passes that is not limited at all.
    fn must_feel_its_way(&mut self, commands: u32, used: Duration, rules: &Rules) -> bool {
        let limit = rules.operating.limit;
        self.boundless |= used > limit.mul_f64(HIGHEST_LIMIT);
        let with_this = self.estimate.saturating_mul(self.under_way.saturating_add(commands));
        let near = used.saturating_add(with_this) >= limit.mul_f64(LOWEST_LIMIT);
        rules.rate_is_limited && !self.boundless && near && self.under_way > 0
    }

    /// From which sum on calls wait.
    fn threshold(&self, now: Duration, rules: &Rules) -> Duration {
        let limit = rules.operating.limit;
        let seen = self.limit_seen.filter(|(_, until)| *until > now);
        threshold(seen.map_or(limit, |(seen, _)| seen.min(limit)))
    }

    /// A call with so many commands goes.
    pub(crate) fn begin(&mut self, commands: u32) {
        self.under_way = self.under_way.saturating_add(commands);
    }

    /// It is over.
    pub(crate) fn end(&mut self, commands: u32) {
        self.under_way = self.under_way.saturating_sub(commands);
    }

    /// It was given up while the portal worked on it: it will cost what it costs.
    pub(crate) fn abandon(&mut self, commands: u32, sent: Duration, moment: Moment, rules: &Rules) {
        self.end(commands);
        let took = self.estimate.saturating_mul(commands);
        self.spend(Work { began: sent, took }, moment.now, moment.unix, rules);
    }

    /// A call failed after the portal had worked on it for so long, as far as can be told.
    pub(crate) fn failed(&mut self, work: Work, moment: Moment, rules: &Rules) {
        let took = work.took.min(LONGEST_WORK);
        if took > FREE && self.is_known() {
            self.spend(Work { took, ..work }, moment.now, moment.unix, rules);
        }
    }

    /// This process had the portal work on the method, and it told `reading` at the end.
    pub(crate) fn learn(&mut self, told: &Told<'_>, moment: Moment, rules: &Rules) {
        let Told { reading, work, commands } = *told;
        let Moment { now, unix } = moment;
        self.refusals = 0;
        let took = work.iter().fold(Duration::ZERO, |sum, work| sum.saturating_add(work.took));
        // Portals bill no more than that, and for some batches half of it: the sum they tell shows it soon enough.
        self.estimate(took, commands);
        let portal_now = reading.portal_time(unix);
        if took > FREE {
            work.iter().for_each(|work| self.spend(*work, now, portal_now, rules));
        }
        let Some(total) = reading.operating else { return };
        // An older answer that comes later, and knows less.
        if self.newest.is_some_and(|newest| portal_now < newest) && total < self.window.sum(now) {
            return;
        }
        self.newest = Some(portal_now);
        self.reported = true;
        // The portal let more through than it was thought to.
        self.limit_seen = self.limit_seen.filter(|(seen, _)| total < *seen);
        let reset = reading.resets_in(unix).map(|left| now.saturating_add(left));
        let expected = self.window.first_expiry();
        let last = now.saturating_add(rules.operating.window);
        // The newest portals ban for a flat time, and then forget the sum: the reset they tell is no expiry of ours.
        // https://github.com/bitrix24/b24jssdk/pull/539
        let is_ban = |reset: &Duration| {
            let ban = now.saturating_add(BAN);
            near(*reset, ban) && !expected.is_some_and(|expected| near(expected, ban))
        };
        if let Some(end) = reset.filter(is_ban).filter(|_| total >= self.threshold(now, rules)) {
            self.window.set(total, now, None, last);
            self.window.clear_at(end);
            self.blocked_until = end.saturating_add(Duration::from_secs(1));
        } else {
            self.window.set(total, now, reset, last);
        }
    }

    /// The portal has refused the method. It says nothing else, so what is remembered counts.
    pub(crate) fn refused(&mut self, retry_after: Option<Duration>, now: Duration, rules: &Rules) {
        let used = self.window.sum(now);
        let lowest = rules.operating.limit.mul_f64(LOWEST_LIMIT);
        // Others may have spent the rest: only a sum that can be a limit says something about it.
        if used >= lowest {
            let seen = self.limit_seen.map_or(used, |(seen, _)| seen.min(used));
            self.limit_seen = Some((seen, now.saturating_add(rules.operating.window)));
        }
        let explained = used.saturating_add(self.cost_under_way()) >= lowest.min(self.threshold(now, rules));
        let reset =
            self.window.first_expiry().filter(|_| explained).map(|at| at.saturating_add(Duration::from_secs(1)));
        let ban = now.saturating_add(BAN);
        let until = match reset {
            // The portal's own word, unless it has been refuted.
            Some(reset) if self.reported && self.refusals == 0 => reset,
            // It does not tell, and it may be one that bans: the longer of the two.
            Some(reset) => reset.max(ban),
            None => ban,
        };
        let asked = now.saturating_add(retry_after.unwrap_or_default().min(LONGEST_ASKED));
        self.refused = true;
        self.refusals = self.refusals.saturating_add(1);
        self.blocked_until = self.blocked_until.max(until).max(asked);
    }

    /// Keeps what was spent, in the portal's minute it began in.
    fn spend(&mut self, work: Work, now: Duration, portal_now: Duration, rules: &Rules) {
        let ago = now.saturating_sub(work.began);
        let minute = portal_now.saturating_sub(ago).as_secs() / 60;
        self.window.add(work.took, minute, work.began.saturating_add(rules.operating.window));
    }

    /// Learns what one command costs: more at once, less slowly.
    fn estimate(&mut self, cost: Duration, commands: u32) {
        let one = if cost > FREE { cost / commands.max(1) } else { Duration::ZERO };
        self.estimate =
            if one >= self.estimate { one } else { self.estimate.saturating_mul(3).saturating_add(one) / 4 };
    }
}

/// Whether two times are the same for a portal that tells whole seconds.
fn near(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) <= Duration::from_secs(2)
}

/// The flat ban of newer portals: <https://github.com/bitrix24/b24jssdk/pull/539>
const BAN: Duration = Duration::from_secs(300);
/// Calls up to that long cost nothing: <https://github.com/bitrix24/b24jssdk/pull/539>
const FREE: Duration = Duration::from_millis(100);
/// Portals limit at 300 to 480 s, and 480 s is what is configured: a smaller part of it is no reason to refuse.
/// <https://apidocs.bitrix24.com/settings/performance/limits.html>
const LOWEST_LIMIT: f64 = 0.6;
const HIGHEST_LIMIT: f64 = 1.05;
/// Nobody is served for longer than that, whatever a server asks for.
const LONGEST_ASKED: Duration = Duration::from_secs(600);
/// The cloud cuts a request then: <https://apidocs.bitrix24.com/settings/performance/limits.html>
const LONGEST_WORK: Duration = Duration::from_secs(60);
const GRAIN: Duration = Duration::from_nanos(1);
const ANSWER_ALARM: Duration = Duration::from_secs(60);
