//! The dialogue with the store of tokens.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use b24_core::{BoxError, keys};

use crate::{
    quota::{Answer, Ask, Gauge, InProcess, QuotaStore, Refusal, Take, Tokens},
    settings::RateLimit,
};

/// Where tokens come from: the store, and this process's own count while the store does not answer.
#[derive(Debug)]
pub(super) struct Source {
    store: Box<dyn QuotaStore>,
    /// It has been asked and has not answered: whoever is the head goes on waiting for it.
    asking: Option<Asking>,
    /// What it is being told.
    chores: Vec<Answer<()>>,
    /// Tokens that it handed out in advance.
    lease: Option<(Tokens, Duration)>,
    /// What this process counts for itself, once it had to; boxed, because most never have to.
    own: Option<Box<InProcess>>,
    /// Whether the store answered when it was asked last.
    answers: bool,
}

#[derive(Debug)]
struct Asking {
    since: Duration,
    answer: Answer<Result<Take, BoxError>>,
}

/// One token, and where it came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    tokens: Tokens,
    own: bool,
}

/// No token yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotYet {
    /// When to look again.
    pub(super) until: Duration,
    /// Before that there certainly is none.
    pub(super) least: Duration,
}

impl Source {
    pub(super) fn new(store: Box<dyn QuotaStore>) -> Self {
        Self { store, asking: None, chores: Vec::new(), lease: None, own: None, answers: true }
    }

    /// A token, as it is asked for.
    pub(super) fn token(&mut self, ask: &Ask, cx: &mut Context<'_>) -> Result<Token, NotYet> {
        let now = ask.now;
        self.do_chores(cx);
        if let Some(token) = self.leased(now) {
            return Ok(token);
        }
        // What was asked for somebody who has given up meanwhile may be old news: then it is asked once more.
        for _ in 0..2 {
            let asked = self.asking.take();
            let mut asking = asked.unwrap_or_else(|| Asking { since: now, answer: self.store.take(ask) });
            match Pin::new(&mut asking.answer).poll(cx) {
                Poll::Pending => {
                    let late = asking.since.saturating_add(SLOW_STORE);
                    self.asking = Some(asking);
                    return if now < late { Err(NotYet { until: late, least: now }) } else { self.own(ask, None) };
                }
                Poll::Ready(Err(error)) => return self.own(ask, Some(&error)),
                Poll::Ready(Ok(Take::Wait(wait))) => {
                    self.answers = true;
                    let until = asking.since.saturating_add(wait.max(LEAST_WAIT));
                    if until > now {
                        return Err(NotYet { until, least: until });
                    }
                }
                Poll::Ready(Ok(Take::Granted(tokens))) => {
                    self.answers = true;
                    if let Some(good_for) = tokens.good_for.filter(|_| tokens.count > 1) {
                        let rest = Tokens { count: tokens.count - 1, ..tokens };
                        self.lease = Some((rest, asking.since.saturating_add(good_for)));
                    }
                    return Ok(Token { tokens: Tokens { count: 1, ..tokens }, own: false });
                }
            }
        }
        let until = now.saturating_add(LEAST_WAIT);
        Err(NotYet { until, least: until })
    }

    /// A token by this process's own count. It begins with a full bucket: nobody knows what the store has handed out.
    fn own(&mut self, ask: &Ask, error: Option<&BoxError>) -> Result<Token, NotYet> {
        let own = self.own.get_or_insert_with(Box::default);
        if std::mem::replace(&mut self.answers, false) {
            // Not the text of the error: the address of a store may hold a password.
            let failed = error.is_some();
            tracing::warn!(target: keys::TARGET_LIMITER, failed, "no answer from the store of tokens: counting alone");
            own.fill(ask);
        }
        match own.take_now(ask) {
            Take::Granted(tokens) => Ok(Token { tokens, own: true }),
            Take::Wait(wait) => {
                let until = ask.now.saturating_add(wait.max(LEAST_WAIT));
                Err(NotYet { until, least: until })
            }
        }
    }

    /// A token of the lease, while it holds; what is left of it after that is given back.
    fn leased(&mut self, now: Duration) -> Option<Token> {
        let (mut tokens, until) = self.lease?;
        if now >= until {
            self.end_lease(now);
            return None;
        }
        tokens.count -= 1;
        self.lease = Some((tokens, until)).filter(|_| tokens.count > 0);
        Some(Token { tokens: Tokens { count: 1, ..tokens }, own: false })
    }

    fn end_lease(&mut self, now: Duration) {
        if let Some((tokens, _)) = self.lease.take() {
            let told = self.store.give_back(&tokens, now);
            self.chore(told);
        }
    }

    /// A token was not used.
    pub(super) fn give_back(&mut self, token: &Token, now: Duration) {
        let told = self.of(token).give_back(&token.tokens, now);
        self.chore(told);
    }

    /// The portal has taken a call.
    pub(super) fn arrived(&mut self, token: &Token, sent: Duration, now: Duration) {
        let told = self.of(token).arrived(&token.tokens, sent, now);
        self.chore(told);
    }

    /// The portal has refused a call: nobody goes on with tokens from before.
    pub(super) fn refused(
        &mut self,
        token: &Token,
        rate: RateLimit,
        sent: Duration,
        retry_after: Option<Duration>,
        now: Duration,
    ) {
        self.end_lease(now);
        let refusal = Refusal { rate, token: Some(token.tokens), sent, now, retry_after };
        let told = self.of(token).refused(&refusal);
        self.chore(told);
    }

    /// What there is now.
    pub(super) fn gauge(&self, rate: &RateLimit, now: Duration) -> Gauge {
        match &self.own {
            Some(own) if !self.answers => own.gauge(rate, now),
            _ => self.store.gauge(rate, now),
        }
    }

    /// Whether nothing is on loan.
    pub(super) fn is_idle(&self) -> bool {
        self.lease.is_none() && self.asking.is_none()
    }

    fn of(&self, token: &Token) -> &dyn QuotaStore {
        match &self.own {
            Some(own) if token.own => &**own,
            _ => &*self.store,
        }
    }

    /// What the store cannot take at once is seen to by the next call. Where it takes nothing any more, the oldest is
    /// dropped.
    fn chore(&mut self, mut told: Answer<()>) {
        if Pin::new(&mut told).poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            if self.chores.len() >= MOST_CHORES {
                drop(self.chores.remove(0));
            }
            self.chores.push(told);
        }
    }

    fn do_chores(&mut self, cx: &mut Context<'_>) {
        self.chores.retain_mut(|chore| Pin::new(chore).poll(cx).is_pending());
    }
}

/// How long a store may take to answer.
const SLOW_STORE: Duration = Duration::from_secs(5);
/// A store that says "now" but gives nothing must not keep a processor busy.
const LEAST_WAIT: Duration = Duration::from_millis(1);
const MOST_CHORES: usize = 64;
