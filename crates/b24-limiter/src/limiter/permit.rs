//! The permission to send once.

use std::{sync::Arc, time::Duration};

use b24_core::keys;

use super::{Bounded, Limiter, Turn, source::Token, uses::Uses};
use crate::{
    classify::{Command, Lesson, Refused, Spend},
    operating::Moment,
    stats::{Answered, Observer, Paused},
};

/// The permission to send one request.
///
/// Dropped before [`sent`](Self::sent) was called it gives everything back. Dropped after that, it counts as used: the
/// portal may be working on the request.
#[derive(Debug)]
#[must_use = "dropping a permit gives it back"]
pub struct Permit {
    pub(super) limiter: Limiter,
    pub(super) spend: Spend,
    pub(super) uses: Uses,
    pub(super) token: Option<Token>,
    pub(super) waited: Duration,
    pub(super) granted: Duration,
    pub(super) sent: Option<Duration>,
    pub(super) settled: bool,
}

/// An outcome, and what it is the outcome of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settlement<'a> {
    pub(super) uses: &'a Uses,
    pub(super) commands: &'a [Command],
    pub(super) token: Option<&'a Token>,
    pub(super) lesson: &'a Lesson,
    pub(super) sent: Duration,
    pub(super) moment: Moment,
}

impl Permit {
    /// Whether it has been held for so long that it is not worth what it says any more: the portal drains once a second.
    pub(crate) fn is_stale(&self) -> bool {
        self.limiter.now().saturating_sub(self.granted) > LONGEST_HOLD
    }

    /// Gives it back, and waits for another.
    pub(crate) fn renew(self, bounds: Option<Bounded>) -> Turn {
        let (limiter, spend) = (self.limiter.clone(), self.spend.clone().with_repeat(true));
        drop(self);
        Turn::new(limiter, spend, bounds)
    }

    /// How long the call has waited for it.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// What it is for.
    #[must_use]
    pub fn spend(&self) -> &Spend {
        &self.spend
    }

    /// The request goes in the moment in which the permit was granted.
    pub(crate) fn sent_at_once(&mut self) {
        self.sent = Some(self.granted);
    }

    /// The request goes now.
    pub fn sent(&mut self) {
        self.sent = Some(self.limiter.now());
    }

    /// Tells what the outcome taught.
    pub fn settle(mut self, lesson: &Lesson) {
        self.settled = true;
        let moment = self.limiter.moment();
        let sent = self.sent.unwrap_or(moment.now);
        let settlement = Settlement {
            uses: &self.uses,
            commands: &self.spend.commands,
            token: self.token.as_ref(),
            lesson,
            sent,
            moment,
        };
        let observers = self.limiter.with(|state| {
            state.settle(&settlement);
            state.observers.clone()
        });
        self.tell(lesson);
        if !observers.is_empty() {
            self.tell_observers(&observers, lesson, moment.now.saturating_sub(sent), moment.now);
        }
    }

    fn tell_observers(&self, observers: &[Arc<dyn Observer>], lesson: &Lesson, duration: Duration, now: Duration) {
        let answered = Answered {
            method: self.spend.method(),
            duration,
            code: lesson.code.as_deref(),
            operating: lesson.reading.and_then(|reading| reading.operating),
        };
        observers.iter().for_each(|observer| observer.answered(&answered));
        if lesson.refused != Some(Refused::Rate) {
            return;
        }
        if let Some(rate) = self.limiter.with(|state| state.rate_stats(now)) {
            let paused = Paused { pause: rate.pause, drain_per_second: rate.drain_per_second };
            observers.iter().for_each(|observer| observer.paused(&paused));
        }
    }

    fn tell(&self, lesson: &Lesson) {
        let method = self.spend.method();
        match lesson.refused {
            None => {}
            // Where there is no rate, nobody pauses.
            Some(Refused::Rate) if self.token.is_none() => {}
            Some(Refused::Rate) => tracing::warn!(
                target: keys::TARGET_LIMITER,
                { { keys::METHOD } = method },
                "the portal refused a call as too fast: all calls to it pause"
            ),
            Some(Refused::Operating) => tracing::warn!(
                target: keys::TARGET_LIMITER,
                { { keys::METHOD } = method },
                "the portal refused a method whose operating time is used up: its calls wait"
            ),
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let Self { limiter, uses, token, sent, .. } = self;
        let moment = limiter.moment();
        limiter.with(|state| match sent {
            None => state.cancel(uses, token.as_ref(), moment.now),
            Some(sent) => state.abandon(uses, *sent, moment),
        });
    }
}

/// How long a permit may wait for the inner service.
const LONGEST_HOLD: Duration = Duration::from_millis(500);
