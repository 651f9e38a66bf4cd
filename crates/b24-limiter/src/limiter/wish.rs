//! One call that wants to go.

use std::time::Duration;

use super::{
    Bounded, Rejection, RejectionReason,
    state::Step,
    uses::{Key, Uses},
};
use crate::{
    classify::Spend,
    line::{Lane, Ticket},
};

/// What the limiter remembers of a call that waits.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) uses: Uses,
    pub(super) lane: Lane,
    longest_wait: Option<Duration>,
    pub(super) max_queue: Option<usize>,
    /// When it was first polled.
    pub(super) started: Duration,
    pub(super) standing: Standing,
    /// Its place among those that wait for the rate; kept when it has to go back.
    pub(super) rate_ticket: Option<Ticket>,
    /// Its places among those that wait for methods; kept too, so that it is not put behind others a second time.
    pub(super) method_tickets: Vec<(Key, Ticket)>,
    /// It has waited for operating time, and is promised it.
    pub(super) reserved: bool,
    /// It had to wait for operating time: it is not slowed down as well.
    pub(super) was_blocked: bool,
    pub(super) was_slowed: bool,
    pub(super) slowed_until: Duration,
}

/// In which line a call stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Standing {
    #[default]
    Nowhere,
    Rate,
    /// The place of the ticket.
    Method(usize),
}

impl Wish {
    pub(super) fn new(spend: &Spend, bounds: Option<Bounded>, now: Duration) -> Self {
        Self {
            uses: Uses::of(spend),
            lane: spend.lane(),
            longest_wait: bounds.and_then(|bounds| bounds.longest_wait(spend.time_left)),
            max_queue: bounds.and_then(|bounds| bounds.max_queue),
            started: now,
            standing: Standing::Nowhere,
            rate_ticket: None,
            method_tickets: Vec::new(),
            reserved: false,
            was_blocked: false,
            was_slowed: false,
            slowed_until: Duration::ZERO,
        }
    }

    /// How long it has waited.
    pub(super) fn waited(&self, now: Duration) -> Duration {
        now.saturating_sub(self.started)
    }

    /// The ticket of a method's line it stands in.
    pub(super) fn method_place(&self) -> Option<&(Key, Ticket)> {
        match self.standing {
            Standing::Method(place) => self.method_tickets.get(place),
            Standing::Nowhere | Standing::Rate => None,
        }
    }

    /// Whether anything is kept for it.
    pub(super) fn has_claims(&self) -> bool {
        self.standing != Standing::Nowhere || self.reserved
    }

    /// When it must have gone.
    pub(super) fn latest(&self) -> Option<Duration> {
        self.longest_wait.map(|wait| self.started.saturating_add(wait))
    }

    /// Waits, unless it is certain that it could not go before `least`, and that is too late.
    pub(super) fn wait_until(&self, until: Duration, least: Duration, now: Duration) -> Step {
        let Some(latest) = self.latest() else { return Step::Until(until) };
        if now >= latest || least > latest {
            return Step::Reject(Rejection::new(RejectionReason::TooLong, least.saturating_sub(self.started)));
        }
        Step::Until(until.min(latest))
    }
}
