//! What the handle guards: lines of waiting calls, counters, tokens on loan.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use b24_core::BoxError;

use super::{
    Rejection, RejectionReason,
    settle::MANY_ACCOUNTS,
    uses::Key,
    wish::{Standing, Wish},
};
use crate::{
    line::{Line, PATIENCE, Ticket},
    operating::{Account, Blocked, Rules, adaptive_delay},
    quota::{Answer, Ask, InProcess, QuotaStore, Take, Tokens},
    rate::Shape,
    settings::{RateLimit, Restrictions},
    stats::{Observer, Tally},
};

#[derive(Debug)]
pub(super) struct State {
    pub(super) restrictions: Restrictions,
    pub(super) observers: Vec<Arc<dyn Observer>>,
    pub(super) rate_line: Line,
    pub(super) accounts: HashMap<Key, Account>,
    /// With how many accounts it is time to look for idle ones.
    pub(super) prune_at: usize,
    pub(super) tally: Tally,
    /// The store has been asked and has not answered: whoever is the head goes on waiting for it.
    asking: Option<Answer<Result<Take, BoxError>>>,
    /// What the store is being told.
    chores: Vec<Answer<()>>,
    /// Tokens that the store handed out in advance.
    pub(super) lease: Option<(Tokens, Duration)>,
    /// Counts while the store does not answer.
    fallback: Option<InProcess>,
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

/// One token, and where it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) tokens: Tokens,
    /// The process counted for itself, because the store did not answer.
    own: bool,
}

impl State {
    pub(super) fn new(restrictions: Restrictions) -> Self {
        Self {
            restrictions,
            observers: Vec::new(),
            rate_line: Line::default(),
            accounts: HashMap::new(),
            prune_at: MANY_ACCOUNTS,
            tally: Tally::default(),
            asking: None,
            chores: Vec::new(),
            lease: None,
            fallback: None,
        }
    }

    /// New parameters: the heads of all lines look again.
    pub(super) fn retune(&mut self, restrictions: Restrictions, now: Duration) {
        self.restrictions = restrictions;
        self.rate_line.call_head(now);
        self.accounts.values_mut().for_each(|account| account.line.call_head(now));
    }

    /// Decides about one call: operating time first, then the adaptive delay, then the rate.
    pub(super) fn step(
        &mut self,
        wish: &mut Wish,
        store: &dyn QuotaStore,
        now: Duration,
        cx: &mut Context<'_>,
    ) -> Step {
        self.do_chores(cx);
        let waited = self.wait_for_methods(wish, now, cx).or_else(|| self.slow_down(wish, now));
        waited.unwrap_or_else(|| self.wait_for_rate(wish, store, now, cx))
    }

    /// A call that waited does not wait any more.
    pub(super) fn leave(&mut self, wish: &mut Wish, now: Duration) {
        match wish.standing {
            Standing::Nowhere => {}
            Standing::Rate => wish.rate_ticket.iter().for_each(|ticket| self.rate_line.leave(*ticket, now)),
            Standing::Method(_) => self.with_method_line(wish, |line, ticket| line.leave(ticket, now)),
        }
        wish.standing = Standing::Nowhere;
    }

    fn with_method_line(&mut self, wish: &Wish, act: impl FnOnce(&mut Line, Ticket)) {
        if let Some((key, ticket)) = wish.method_place() {
            if let Some(account) = self.accounts.get_mut(key) {
                act(&mut account.line, *ticket);
            }
        }
    }

    fn wait_for_methods(&mut self, wish: &mut Wish, now: Duration, cx: &Context<'_>) -> Option<Step> {
        if self.accounts.is_empty() {
            return None;
        }
        let rules = Rules::of(&self.restrictions);
        let uses = std::mem::take(&mut wish.uses);
        let step = uses.iter().find_map(|(key, what, _)| {
            let account = self.accounts.get_mut(key)?;
            let blocked = account.admits(what, now, &rules).err();
            let place = wish.method_tickets.iter().position(|(known, _)| known == key);
            // Whoever has been through this line does not stand in it again unless it must.
            let behind = match place {
                None => !account.line.is_empty(),
                Some(place) => {
                    let stands = wish.standing == Standing::Method(place);
                    stands && !account.line.is_turn(wish.method_tickets[place].1, now)
                }
            };
            (behind || blocked.is_some()).then(|| self.stand_for_method(wish, key, place, blocked, now, cx))
        });
        wish.uses = uses;
        if step.is_none() && wish.method_place().is_some() {
            self.with_method_line(wish, |line, ticket| line.go(ticket, now));
            wish.standing = Standing::Nowhere;
        }
        step
    }

    fn stand_for_method(
        &mut self,
        wish: &mut Wish,
        key: &Key,
        place: Option<usize>,
        blocked: Option<Blocked>,
        now: Duration,
        cx: &Context<'_>,
    ) -> Step {
        if place.is_none_or(|place| wish.standing != Standing::Method(place)) {
            self.leave(wish, now);
        }
        wish.was_blocked = true;
        let account = self.accounts.entry(key.clone()).or_insert_with(|| Account::new(key.1.clone()));
        let place = place.unwrap_or_else(|| {
            wish.method_tickets.push((key.clone(), account.line.join(wish.lane, now)));
            wish.method_tickets.len() - 1
        });
        wish.standing = Standing::Method(place);
        let ticket = wish.method_tickets[place].1;
        let head = account.line.is_turn(ticket, now);
        let due = blocked.map(|blocked| blocked.until).filter(|_| head);
        account.line.park(ticket, due, cx.waker());
        let until = due.unwrap_or_else(|| account.line.due().max(now) + PATIENCE);
        // What only calls under way hold up may be free at any moment.
        let least = blocked.filter(|blocked| blocked.certain).map_or(now, |blocked| blocked.until);
        wish.wait_until(until, least, now)
    }

    fn slow_down(&mut self, wish: &mut Wish, now: Duration) -> Option<Step> {
        if !wish.was_slowed && !wish.was_blocked && !self.accounts.is_empty() {
            wish.was_slowed = true;
            let (rules, config) = (Rules::of(&self.restrictions), &self.restrictions.adaptive_delay);
            let loads = wish.uses.iter().filter_map(|(key, what, _)| {
                let account = self.accounts.get_mut(key)?;
                Some(account.load(what, now, &rules))
            });
            let highest = loads.max_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or_default();
            if let Some(delay) = adaptive_delay(highest, config) {
                self.tally.adaptive_delays += 1;
                self.tally.adaptive_delay += delay;
                wish.slowed_until = now + delay;
            }
        }
        (wish.slowed_until > now).then(|| wish.wait_until(wish.slowed_until, wish.slowed_until, now))
    }

    fn wait_for_rate(&mut self, wish: &mut Wish, store: &dyn QuotaStore, now: Duration, cx: &mut Context<'_>) -> Step {
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
            if !self.rate_line.is_turn(ticket, now) {
                self.rate_line.park(ticket, None, cx.waker());
                return wish.wait_until(self.watch_rate_line(&rate, ticket, now), now, now);
            }
        }
        match self.token(&rate, store, now, cx) {
            Ok(token) => self.go(wish, Some(token), now),
            Err(until) => {
                if wish.standing != Standing::Rate {
                    if let Some(rejection) = self.join_rate_line(wish, &rate, now) {
                        return Step::Reject(rejection);
                    }
                }
                if let Some(ticket) = wish.rate_ticket {
                    self.rate_line.park(ticket, Some(until), cx.waker());
                }
                wish.wait_until(until, until, now)
            }
        }
    }

    /// When a call that is not the head looks whether those before it still go: when it should have gone itself, or soon,
    /// where the head has been called and should act at once.
    fn watch_rate_line(&self, rate: &RateLimit, ticket: Ticket, now: Duration) -> Duration {
        let due = self.rate_line.due();
        if due <= now {
            return now + PATIENCE;
        }
        due.saturating_add(Shape::new(rate, 1.0).time_for(self.rate_line.ahead(ticket))).saturating_add(PATIENCE)
    }

    fn join_rate_line(&mut self, wish: &mut Wish, rate: &RateLimit, now: Duration) -> Option<Rejection> {
        let shape = Shape::new(rate, 1.0);
        let least = shape.time_for(self.rate_line.ahead_of_new(wish.lane).saturating_sub(1));
        if wish.max_queue.is_some_and(|most| self.rate_line.len() >= most) {
            return Some(Rejection::new(RejectionReason::QueueFull, least));
        }
        let least = least.saturating_sub(shape.time_for(1));
        if wish.latest().is_some_and(|latest| now + least > latest) {
            return Some(Rejection::new(RejectionReason::TooLong, least));
        }
        self.leave(wish, now);
        if wish.rate_ticket.is_none() {
            wish.rate_ticket = Some(self.rate_line.join(wish.lane, now));
        }
        wish.standing = Standing::Rate;
        None
    }

    /// A token, or when to look again.
    fn token(
        &mut self,
        rate: &RateLimit,
        store: &dyn QuotaStore,
        now: Duration,
        cx: &mut Context<'_>,
    ) -> Result<Token, Duration> {
        if let Some(token) = self.leased(store, now) {
            return Ok(token);
        }
        let mut asking = self.asking.take().unwrap_or_else(|| {
            let waiting = self.rate_line.len().max(1);
            store.take(&Ask { waiting, ..Ask::new(*rate, now) })
        });
        let answer = match Pin::new(&mut asking).poll(cx) {
            Poll::Ready(answer) => answer,
            Poll::Pending => {
                self.asking = Some(asking);
                return Err(now + SLOW_STORE);
            }
        };
        let own = answer.is_err();
        let take = match answer {
            Ok(take) => take,
            Err(error) => {
                tracing::warn!(target: b24_core::keys::TARGET_LIMITER, error = &*error, "the store of tokens failed");
                let fallback = self.fallback.get_or_insert_with(InProcess::new);
                fallback.take_now(&Ask::new(*rate, now))
            }
        };
        match take {
            Take::Wait(wait) => Err(now + wait.max(LEAST_WAIT)),
            Take::Granted(tokens) => {
                if let Some(good_for) = tokens.good_for.filter(|_| tokens.count > 1) {
                    self.lease = Some((Tokens { count: tokens.count - 1, ..tokens }, now + good_for));
                }
                Ok(Token { tokens: Tokens { count: 1, ..tokens }, own })
            }
        }
    }

    /// A token of the lease, while it holds; what is left of it after that is given back.
    fn leased(&mut self, store: &dyn QuotaStore, now: Duration) -> Option<Token> {
        let (mut tokens, until) = self.lease.take()?;
        if now >= until {
            self.chore(store.give_back(&tokens, now));
            return None;
        }
        tokens.count -= 1;
        if tokens.count > 0 {
            self.lease = Some((tokens, until));
        }
        Some(Token { tokens: Tokens { count: 1, ..tokens }, own: false })
    }

    fn go(&mut self, wish: &mut Wish, token: Option<Token>, now: Duration) -> Step {
        if wish.standing == Standing::Rate {
            wish.standing = Standing::Nowhere;
            wish.rate_ticket.iter().for_each(|ticket| self.rate_line.go(*ticket, now));
        }
        for (key, what, cost) in wish.uses.iter() {
            let account = self.accounts.entry(key.clone()).or_insert_with(|| Account::new(key.1.clone()));
            account.begin(what, cost, now);
        }
        self.tally.in_flight += 1;
        let waited = wish.waited(now);
        if !waited.is_zero() {
            self.tally.waits.record(waited);
        }
        Step::Go(token)
    }

    /// Tells whoever gave `token` something about it.
    pub(super) fn tell(
        &mut self,
        token: &Token,
        store: &dyn QuotaStore,
        what: impl FnOnce(&dyn QuotaStore, &Tokens) -> Answer<()>,
    ) {
        let told = match &self.fallback {
            Some(own) if token.own => what(own, &token.tokens),
            _ => what(store, &token.tokens),
        };
        self.chore(told);
    }

    /// Tells the store something; what it cannot take at once is seen to by the next call.
    fn chore(&mut self, mut told: Answer<()>) {
        if Pin::new(&mut told).poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            self.chores.push(told);
        }
    }

    fn do_chores(&mut self, cx: &mut Context<'_>) {
        self.chores.retain_mut(|chore| Pin::new(chore).poll(cx).is_pending());
    }
}

/// When to look again at a store that does not answer.
const SLOW_STORE: Duration = Duration::from_secs(5);
/// A store that says "now" but gives nothing must not keep a processor busy.
const LEAST_WAIT: Duration = Duration::from_millis(1);
