//! What one credential has spent on one method.

use std::time::Duration;

use super::{
    Meter,
    meter::{Blocked, Moment, Rules, Told, Work},
};
use crate::{line::Line, stats::MethodTally};

/// How a request uses a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// It calls it; a batch calls `batch`, which costs as many commands as it has.
    Call,
    /// It is a batch with so many commands of it.
    Commands(u32),
}

/// The counters of one credential and method.
///
/// Portals disagree on who pays for a batch: its commands' own methods, `batch` itself, or both; and some keep one counter
/// for a method called by itself and another for the same method inside of batches. So each number is kept under the name
/// it came with, the two are never added up, and a call waits for the higher one, until the portal shows that they differ.
#[derive(Debug, Default)]
pub(crate) struct Account {
    direct: Meter,
    batched: Meter,
    /// The portal counts calls and commands apart.
    apart: bool,
    /// Calls that wait for it.
    pub(crate) line: Line,
    /// Sends under way.
    pub(crate) in_flight: u32,
    pub(crate) tally: MethodTally,
}

impl Account {
    /// Until when a request must wait; `None` when it may go.
    pub(crate) fn wait(&mut self, what: Use, now: Duration, rules: &Rules) -> Option<Blocked> {
        let commands = what.checks();
        let (own, other) = self.own_and_other(what);
        // It may be one counter: then what is under way on either counts on both.
        let elsewhere = other.as_ref().map_or(Duration::ZERO, |other| other.cost_under_way());
        let other_wait = other.and_then(|other| other.wait(commands, own.cost_under_way(), now, rules));
        let wait = own.wait(commands, elsewhere, now, rules);
        match (wait, other_wait) {
            (Some(own), Some(other)) => Some(own.and(other)),
            (own, other) => own.or(other),
        }
    }

    /// Which share of its time is used, in percent, and how long until a part is given back.
    pub(crate) fn load(&mut self, what: Use, now: Duration, rules: &Rules) -> (f64, Duration) {
        let load = |meter: &mut Meter| {
            let percent = meter.used(now).as_secs_f64() / rules.operating.limit.as_secs_f64() * 100.0;
            if meter.is_known() { (percent, meter.resets_in(now)) } else { (0.0, Duration::ZERO) }
        };
        let (own, other) = self.own_and_other(what);
        let own = load(own);
        other.map(load).filter(|other| other.0 > own.0).unwrap_or(own)
    }

    /// Whether the portal refuses it now, whatever is under way.
    pub(crate) fn is_shut(&mut self, what: Use, now: Duration) -> bool {
        self.own_and_other(what).0.shut(now).is_some()
    }

    /// A send that costs so many commands is about to go.
    pub(crate) fn begin(&mut self, what: Use, commands: u32) {
        self.in_flight = self.in_flight.saturating_add(1);
        self.own_and_other(what).0.begin(commands);
    }

    /// It is over, or does not go after all.
    pub(crate) fn end(&mut self, what: Use, commands: u32) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.own_and_other(what).0.end(commands);
    }

    /// It was given up while it was under way.
    pub(crate) fn abandon(&mut self, what: Use, commands: u32, sent: Duration, moment: Moment, rules: &Rules) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.own_and_other(what).0.abandon(commands, sent, moment, rules);
    }

    /// It failed after so much work.
    pub(crate) fn failed(&mut self, what: Use, work: Work, moment: Moment, rules: &Rules) {
        self.own_and_other(what).0.failed(work, moment, rules);
    }

    /// An answer told of this method.
    pub(crate) fn learn(&mut self, what: Use, told: &Told<'_>, moment: Moment, rules: &Rules) {
        if let Some(total) = told.reading.operating {
            let other = match what {
                Use::Call => &mut self.batched,
                Use::Commands(_) => &mut self.direct,
            };
            // One counter cannot show less here than it has shown there; nor can two stay equal for long.
            self.apart = match other.used(moment.now) {
                _ if !other.is_known() => self.apart,
                used if used.is_zero() => false,
                used => self.apart || total.saturating_add(APART) < used,
            };
        }
        self.own_and_other(what).0.learn(told, moment, rules);
    }

    /// The portal has refused the method.
    pub(crate) fn refused(&mut self, what: Use, retry_after: Option<Duration>, now: Duration, rules: &Rules) {
        self.tally.blocked += 1;
        self.own_and_other(what).0.refused(retry_after, now, rules);
    }

    /// What counts now: the higher of the two counters.
    pub(crate) fn used(&mut self, now: Duration) -> Duration {
        self.direct.used(now).max(self.batched.used(now))
    }

    pub(crate) fn resets_in(&self, now: Duration) -> Duration {
        self.direct.resets_in(now).max(self.batched.resets_in(now))
    }

    /// Whether forgetting it loses nothing: nobody uses it, and nothing counts any more.
    pub(crate) fn is_idle(&mut self, now: Duration) -> bool {
        let spent = !self.used(now).is_zero() || !self.resets_in(now).is_zero();
        self.in_flight == 0 && self.line.is_empty() && !spent
    }

    fn own_and_other(&mut self, what: Use) -> (&mut Meter, Option<&mut Meter>) {
        let (own, other) = match what {
            Use::Call => (&mut self.direct, &mut self.batched),
            Use::Commands(_) => (&mut self.batched, &mut self.direct),
        };
        (own, (!self.apart).then_some(other))
    }
}

impl Use {
    /// How often the portal looks at the counter.
    fn checks(self) -> u32 {
        match self {
            Self::Call => 1,
            Self::Commands(count) => count,
        }
    }
}

/// How much a sum may differ by what was spent between two answers that overtook each other.
const APART: Duration = Duration::from_secs(30);
