//! What the handle guards: lines of waiting calls, counters, the source of tokens.

use std::{sync::Arc, task::Context, time::Duration};

use super::{
    Rejection, RejectionReason,
    settle::MANY_ACCOUNTS,
    source::{Source, Token},
    uses::{Accounts, Key, Uses},
    wish::{Standing, Wish},
};
use crate::{
    line::{Lane, Line, PATIENCE, Ticket, Wakes},
    operating::{Account, Blocked, Rules},
    quota::{Ask, QuotaStore},
    rate::Shape,
    settings::{RateLimit, Restrictions},
    stats::{Observer, Tally},
};

#[derive(Debug)]
pub(super) struct State {
    pub(super) restrictions: Restrictions,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) source: Source,
    pub(super) rate_line: Line,
    pub(super) accounts: Accounts,
    /// With how many accounts it is time to look for idle ones.
    pub(super) prune_at: usize,
    pub(super) tally: Tally,
    /// To be called when the lock is released.
    pub(super) wakes: Wakes,
    next_number: u64,
    /// Before that there certainly is no token.
    pub(super) no_token_before: Duration,
}

/// What a waiting call does next.
#[derive(Debug)]
pub(super) enum Step {
    /// It goes, with a token where there is a rate.
    Go(Option<Token>),
    /// It waits; it looks again when it is woken, or then.
    Until(Duration),
    /// It must not wait so long.
    Reject(Rejection),
}

impl State {
    pub(super) fn new(restrictions: Restrictions, store: Box<dyn QuotaStore>) -> Self {
        Self {
            restrictions,
            observers: Vec::new(),
            source: Source::new(store),
            rate_line: Line::default(),
            accounts: Accounts::default(),
            prune_at: MANY_ACCOUNTS,
            tally: Tally::default(),
            wakes: Wakes::default(),
            next_number: 0,
            no_token_before: Duration::ZERO,
        }
    }

    /// New parameters: the heads of all lines look again.
    pub(super) fn retune(&mut self, restrictions: Restrictions, now: Duration) {
        self.restrictions = restrictions;
        self.no_token_before = now;
        self.rate_line.call_head(now, &mut self.wakes);
        for account in self.accounts.values_mut() {
            account.line.call_head(now, &mut self.wakes);
        }
    }

    /// Decides about one call: operating time first, then the adaptive delay, then the rate.
    pub(super) fn step(&mut self, wish: &mut Wish, now: Duration, cx: &mut Context<'_>) -> Step {
        let waited = self.wait_for_methods(wish, now, cx).or_else(|| self.slow_down(wish, now));
        waited.unwrap_or_else(|| self.wait_for_rate(wish, now, cx))
    }

    /// A call gives up, or leaves a line for another.
    pub(super) fn leave(&mut self, wish: &mut Wish, now: Duration) {
        let Self { rate_line, accounts, wakes, .. } = self;
        match wish.standing {
            Standing::Nowhere => {}
            Standing::Rate => wish.rate_ticket.iter().for_each(|ticket| rate_line.leave(*ticket, now, wakes)),
            Standing::Method(_) => {
                if let Some((account, ticket)) = line_of(accounts, wish) {
                    account.line.leave(ticket, now, wakes);
                }
            }
        }
        wish.standing = Standing::Nowhere;
    }

    /// A call gives up, with everything it was promised.
    pub(super) fn give_up(&mut self, wish: &mut Wish, now: Duration) {
        self.leave(wish, now);
        self.unreserve(wish, now);
    }

    fn wait_for_methods(&mut self, wish: &mut Wish, now: Duration, cx: &Context<'_>) -> Option<Step> {
        if self.accounts.is_empty() {
            return None;
        }
        if wish.reserved {
            let is_shut = |(key, what, _)| self.accounts.get_mut(key).is_some_and(|account| account.is_shut(what, now));
            if !wish.uses.iter().any(is_shut) {
                return None;
            }
            // It was refused to another call meanwhile.
            self.unreserve(wish, now);
        }
        let rules = Rules::of(&self.restrictions);
        let uses = std::mem::take(&mut wish.uses);
        let step = uses.iter().find_map(|(key, what, _)| {
            let account = self.accounts.get_mut(key)?;
            let blocked = account.wait(what, now, &rules);
            let place = wish.method_tickets.iter().position(|(known, _)| known == key);
            // Whoever has been through this line does not stand in it again unless it must.
            let behind = match place {
                None => !account.line.is_empty(),
                Some(place) => {
                    let stands = wish.standing == Standing::Method(place);
                    stands && !account.line.is_turn(wish.method_tickets[place].1, now, &mut self.wakes)
                }
            };
            if behind || blocked.is_some() { self.stand_for_method(wish, key, place, blocked, now, cx) } else { None }
        });
        wish.uses = uses;
        if step.is_none() {
            self.reserve(wish, now);
        }
        step
    }

    /// A call that waited for operating time is promised it: the next in line counts with it, and it does not have to come
    /// back when it has waited for the rate as well.
    fn reserve(&mut self, wish: &mut Wish, now: Duration) {
        if wish.method_tickets.is_empty() {
            return;
        }
        self.begin_all(&wish.uses);
        wish.reserved = true;
        if let Some((account, ticket)) = line_of(&mut self.accounts, wish) {
            account.line.go(ticket, now, &mut self.wakes);
            wish.standing = Standing::Nowhere;
        }
    }

    fn unreserve(&mut self, wish: &mut Wish, now: Duration) {
        if std::mem::take(&mut wish.reserved) {
            self.end_all(&wish.uses, now);
        }
    }

    /// `None` when it may go on after all.
    fn stand_for_method(
        &mut self,
        wish: &mut Wish,
        key: &Key,
        place: Option<usize>,
        blocked: Option<Blocked>,
        now: Duration,
        cx: &Context<'_>,
    ) -> Option<Step> {
        if place.is_none_or(|place| wish.standing != Standing::Method(place)) {
            self.leave(wish, now);
        }
        let number = self.number();
        let account = self.accounts.get_mut(key)?;
        let place = place.unwrap_or_else(|| {
            wish.method_tickets.push((key.clone(), account.line.join(number, wish.lane, now)));
            wish.method_tickets.len() - 1
        });
        wish.standing = Standing::Method(place);
        let ticket = wish.method_tickets[place].1;
        let head = account.line.is_turn(ticket, now, &mut self.wakes);
        if head && blocked.is_none() {
            return None;
        }
        wish.was_blocked = true;
        let due = blocked.map(|blocked| blocked.until).filter(|_| head);
        account.line.park(ticket, due, cx.waker());
        // Those behind the head look after it one after another.
        let patience = PATIENCE.saturating_mul(u32::try_from(account.line.ahead(ticket)).unwrap_or(u32::MAX).max(1));
        let until = due.unwrap_or_else(|| account.line.due().max(now).saturating_add(patience));
        // What only calls under way hold up may be free at any moment.
        let least = blocked.filter(|blocked| blocked.certain).map_or(now, |blocked| blocked.until);
        Some(wish.wait_until(until, least, now))
    }

    fn slow_down(&mut self, wish: &mut Wish, now: Duration) -> Option<Step> {
        if !std::mem::replace(&mut wish.was_slowed, true) && !wish.was_blocked {
            let (rules, config) = (Rules::of(&self.restrictions), &self.restrictions.adaptive_delay);
            let loads = wish.uses.iter().filter_map(|(key, what, _)| {
                let account = self.accounts.get_mut(key)?;
                Some(account.load(what, now, &rules))
            });
            let highest = loads.max_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or_default();
            if let Some(delay) = config.delay(highest.0, highest.1).filter(|delay| !delay.is_zero()) {
                self.tally.adaptive_delays += 1;
                self.tally.adaptive_delay += delay;
                wish.slowed_until = now.saturating_add(delay);
            }
        }
        (wish.slowed_until > now).then(|| wish.wait_until(wish.slowed_until, wish.slowed_until, now))
    }

    fn wait_for_rate(&mut self, wish: &mut Wish, now: Duration, cx: &mut Context<'_>) -> Step {
        let Some(rate) = self.restrictions.rate else {
            self.leave(wish, now);
            return self.go(wish, None, now);
        };
        if wish.standing != Standing::Rate && !self.rate_line.is_empty() {
            // Others wait: nobody passes them.
            if let Some(rejection) = self.join_rate_line(wish, &rate, now) {
                return Step::Reject(rejection);
            }
        }
        if let Some(ticket) = wish.rate_ticket.filter(|_| wish.standing == Standing::Rate) {
            if !self.rate_line.is_turn(ticket, now, &mut self.wakes) {
                self.rate_line.park(ticket, None, cx.waker());
                return wish.wait_until(self.watch_rate_line(&rate, ticket, now), now, now);
            }
        }
        let (waiting, careful) = (self.rate_line.len().max(1), wish.lane == Lane::Repeat);
        match self.source.token(&Ask { waiting, careful, ..Ask::new(rate, now) }, cx) {
            Ok(token) => self.go(wish, Some(token), now),
            Err(not_yet) => {
                self.no_token_before = not_yet.least;
                if wish.standing != Standing::Rate {
                    if let Some(rejection) = self.join_rate_line(wish, &rate, now) {
                        return Step::Reject(rejection);
                    }
                }
                if let Some(ticket) = wish.rate_ticket {
                    self.rate_line.park(ticket, Some(not_yet.until), cx.waker());
                }
                wish.wait_until(not_yet.until, not_yet.least, now)
            }
        }
    }

    /// When a call that is not the head looks whether those before it still go: when it should have gone itself, or soon,
    /// where the head has been called and should act at once.
    fn watch_rate_line(&self, rate: &RateLimit, ticket: Ticket, now: Duration) -> Duration {
        let due = self.rate_line.due();
        if due <= now {
            return now.saturating_add(PATIENCE);
        }
        due.saturating_add(Shape::new(rate, 1.0).time_for(self.rate_line.ahead(ticket))).saturating_add(PATIENCE)
    }

    fn join_rate_line(&mut self, wish: &mut Wish, rate: &RateLimit, now: Duration) -> Option<Rejection> {
        let Some(ticket) = wish.rate_ticket else {
            let least = self.least_wait(wish, rate, now);
            if wish.max_queue.is_some_and(|most| self.rate_line.len() >= most) {
                return Some(Rejection::new(RejectionReason::QueueFull, least));
            }
            if wish.latest().is_some_and(|latest| now.saturating_add(least) > latest) {
                return Some(Rejection::new(RejectionReason::TooLong, least));
            }
            self.leave(wish, now);
            let number = self.number();
            wish.rate_ticket = Some(self.rate_line.join(number, wish.lane, now));
            wish.standing = Standing::Rate;
            return None;
        };
        self.leave(wish, now);
        self.rate_line.rejoin(ticket, now);
        wish.standing = Standing::Rate;
        None
    }

    /// How long a call that joins the line now waits at least: until the next token, and for those before it. Where the
    /// head only waits for the store, nothing is certain.
    fn least_wait(&self, wish: &Wish, rate: &RateLimit, now: Duration) -> Duration {
        let first = self.no_token_before.saturating_sub(now);
        if first.is_zero() {
            return Duration::ZERO;
        }
        let shape = Shape::new(rate, 1.0);
        let drained = shape.time_for(self.rate_line.ahead_of_new(wish.lane)).saturating_sub(shape.time_for(1));
        first.saturating_add(drained)
    }

    fn go(&mut self, wish: &mut Wish, token: Option<Token>, now: Duration) -> Step {
        if wish.standing == Standing::Rate {
            wish.standing = Standing::Nowhere;
            if let Some(ticket) = wish.rate_ticket {
                self.rate_line.go(ticket, now, &mut self.wakes);
            }
        }
        // From here on it is the permit that keeps the promise.
        if !std::mem::take(&mut wish.reserved) {
            self.begin_all(&wish.uses);
        }
        self.tally.in_flight += 1;
        let waited = wish.waited(now);
        if !waited.is_zero() {
            self.tally.waits.record(waited);
        }
        Step::Go(token)
    }

    fn begin_all(&mut self, uses: &Uses) {
        for (key, what, cost) in uses.iter() {
            let account = self.accounts.entry(key.clone()).or_default();
            account.begin(what, cost);
        }
    }

    /// A number for a ticket: no two of a limiter are the same.
    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}

/// The account in whose line a call stands, and its ticket.
fn line_of<'a>(accounts: &'a mut Accounts, wish: &Wish) -> Option<(&'a mut Account, Ticket)> {
    let (key, ticket) = wish.method_place()?;
    Some((accounts.get_mut(key)?, *ticket))
}
