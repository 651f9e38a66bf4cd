//! Waiting for one's turn.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use b24_core::keys;

use super::{Bounded, Limiter, Permit, Rejection, state::Step, wish::Wish};
use crate::{
    classify::Spend,
    stats::{Rejected, Waited},
    timer::Sleep,
};

/// Waits until a call may go. Made by [`Limiter::turn`].
///
/// The place in the line is taken at the first poll.
///
/// # Cancel safety
/// Dropping it gives the place back: nothing was taken.
#[must_use = "futures do nothing unless polled"]
pub struct Turn {
    limiter: Limiter,
    /// Until it goes.
    spend: Option<Spend>,
    bounds: Option<Bounded>,
    /// Once it had to wait.
    wish: Option<Box<Wish>>,
    alarm: Option<(Duration, Sleep)>,
}

impl Turn {
    pub(super) fn new(limiter: Limiter, spend: Spend, bounds: Option<Bounded>) -> Self {
        Self { limiter, spend: Some(spend), bounds, wish: None, alarm: None }
    }

    /// Waits as the future does, and can be rejected.
    pub(crate) fn poll_go(&mut self, cx: &mut Context<'_>) -> Poll<Result<Permit, Rejection>> {
        loop {
            let now = self.limiter.now();
            let Some(spend) = &self.spend else { return Poll::Pending };
            // Most calls never wait: what is remembered of those that do has a place of its own.
            let mut kept = self.wish.take();
            let mut fresh = kept.is_none().then(|| Wish::new(spend, self.bounds, now));
            let Some(wish) = kept.as_deref_mut().or(fresh.as_mut()) else { return Poll::Pending };
            match self.limiter.with(|state| state.step(wish, now, cx)) {
                Step::Go(token) => {
                    let waited = wish.waited(now);
                    let uses = std::mem::take(&mut wish.uses);
                    let spend = self.spend.take().unwrap_or_default();
                    tell(&self.limiter, &spend, waited);
                    self.alarm = None;
                    let limiter = self.limiter.clone();
                    let permit =
                        Permit { limiter, spend, uses, token, waited, granted: now, sent: None, settled: false };
                    return Poll::Ready(Ok(permit));
                }
                Step::Reject(rejection) => {
                    let observers = self.limiter.with(|state| state.reject(wish, now));
                    let event = Rejected { method: spend.method(), wait: rejection.wait() };
                    observers.iter().for_each(|observer| observer.rejected(&event));
                    return Poll::Ready(Err(rejection));
                }
                Step::Until(until) => {
                    self.wish = kept.or_else(|| fresh.map(Box::new));
                    ready!(self.poll_alarm(until, now, cx));
                }
            }
        }
    }

    /// Is done at `until`.
    fn poll_alarm(&mut self, until: Duration, now: Duration, cx: &mut Context<'_>) -> Poll<()> {
        let timer = self.limiter.timer();
        let alarm = match self.alarm.take().filter(|(at, _)| *at == until) {
            Some(alarm) => alarm,
            None => (until, timer.sleep(until.saturating_sub(now))),
        };
        let (_, sleep) = self.alarm.insert(alarm);
        ready!(sleep.as_mut().poll(cx));
        self.alarm = None;
        Poll::Ready(())
    }
}

fn tell(limiter: &Limiter, spend: &Spend, wait: Duration) {
    if wait.is_zero() {
        return;
    }
    let method = spend.method();
    let millis = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    tracing::Span::current().record(keys::LIMITER_WAIT_MS, millis);
    tracing::debug!(
        target: keys::TARGET_LIMITER,
        { { keys::METHOD } = method, { keys::WAIT_MS } = millis },
        "waited for the portal's limits"
    );
    let observers = limiter.with(|state| state.observers.clone());
    observers.iter().for_each(|observer| observer.waited(&Waited { method, wait }));
}

impl Future for Turn {
    type Output = Permit;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Permit> {
        // Without bounds nothing is rejected.
        match ready!(self.poll_go(cx)) {
            Ok(permit) => Poll::Ready(permit),
            Err(_) => Poll::Pending,
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(wish) = self.wish.as_mut().filter(|wish| wish.has_claims()) {
            let now = self.limiter.now();
            self.limiter.with(|state| state.give_up(wish, now));
        }
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("spend", &self.spend).finish_non_exhaustive()
    }
}
