//! The handle.

use std::{fmt, sync::Arc, time::Duration};

use super::{Bounded, Turn, state::State};
use crate::{
    RetryPolicy,
    classify::Spend,
    operating::Moment,
    quota::{InProcess, QuotaStore},
    settings::{InvalidRestrictions, Restrictions},
    stats::{Observer, Stats},
    sync::Mutex,
    timer::{SystemTimer, Timer},
};

/// The limiter of one portal; clones share it.
///
/// ```
/// use b24_limiter::{Limiter, settings::{RateLimit, Restrictions}};
///
/// let limiter = Limiter::new(Restrictions::default())?;
/// // While calls are under way, and without touching anybody's parameters:
/// limiter.update(|restrictions| restrictions.rate = Some(RateLimit::enterprise()))?;
/// assert_eq!(limiter.stats().rate.map(|rate| rate.tokens), Some(250.0));
/// # Ok::<(), b24_limiter::settings::InvalidRestrictions>(())
/// ```
#[derive(Clone)]
pub struct Limiter(Arc<Shared>);

pub(super) struct Shared {
    pub(super) timer: Box<dyn Timer>,
    /// Held while parameters change.
    tuning: Mutex<()>,
    state: Mutex<State>,
}

impl Limiter {
    /// A limiter of its own, shared with nobody but its clones.
    ///
    /// # Errors
    /// [`InvalidRestrictions`] when a parameter makes no sense.
    pub fn new(restrictions: Restrictions) -> Result<Self, InvalidRestrictions> {
        Self::builder().restrictions(restrictions).build()
    }

    /// A limiter with a store or a timer of one's own.
    pub fn builder() -> LimiterBuilder {
        LimiterBuilder::default()
    }

    /// The parameters as they are now, without what retries go by. Changing them changes nothing: see
    /// [`update`](Self::update).
    #[must_use]
    pub fn restrictions(&self) -> Restrictions {
        self.with(|state| state.restrictions.clone())
    }

    /// Changes parameters while calls are under way; those that wait go by the new ones. One update after another: `change`
    /// must not call it again. What retries go by is not kept here, it belongs to the [`RetryLayer`](crate::RetryLayer).
    ///
    /// # Errors
    /// [`InvalidRestrictions`] when the outcome makes no sense; then nothing changes.
    pub fn update(&self, change: impl FnOnce(&mut Restrictions)) -> Result<(), InvalidRestrictions> {
        let _one_at_a_time = self.0.tuning.lock();
        let mut changed = self.restrictions();
        change(&mut changed);
        changed.check()?;
        changed.retry = RetryPolicy::default();
        let now = self.now();
        self.with(|state| state.retune(changed, now));
        Ok(())
    }

    /// Waits until `spend` may go.
    ///
    /// This is what the layer does; use it where there is no tower stack. Send when the turn has come, then
    /// [`settle`](super::Permit::settle) the permit with what the answer taught.
    pub fn turn(&self, spend: Spend) -> Turn {
        Turn::new(self.clone(), spend, None)
    }

    pub(crate) fn bounded_turn(&self, spend: Spend, bounds: Bounded) -> Turn {
        Turn::new(self.clone(), spend, Some(bounds))
    }

    /// What has been counted, and where the limiter stands.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let now = self.now();
        self.with(|state| state.stats(now))
    }

    /// Sets the counters to zero. What is known of the portal stays: its rate, its operating time.
    pub fn reset_stats(&self) {
        self.with(State::reset_stats);
    }

    /// Tells `observer` what happens from now on, beside those that are told already.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        self.with(|state| state.observers.push(observer));
    }

    /// Whether nothing would be lost with it: nothing is under way, nothing waits, nothing counts any more.
    pub(crate) fn is_idle(&self) -> bool {
        let now = self.now();
        self.with(|state| state.is_idle(now))
    }

    /// Does something with the state. Whoever is to be woken is woken when the lock is released: a waker may look at the
    /// limiter, and letting go of one may drop a call that waits.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut State) -> R) -> R {
        let (outcome, wakes) = {
            let mut state = self.0.state.lock();
            let outcome = act(&mut state);
            (outcome, std::mem::take(&mut state.wakes))
        };
        wakes.ring();
        outcome
    }

    pub(super) fn timer(&self) -> &dyn Timer {
        &*self.0.timer
    }

    pub(super) fn now(&self) -> Duration {
        self.0.timer.now()
    }

    pub(super) fn moment(&self) -> Moment {
        let now = self.now();
        Moment { now, unix: self.0.timer.unix_time(now) }
    }

    pub(super) fn downgrade(&self) -> std::sync::Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    pub(super) fn upgrade(weak: &std::sync::Weak<Shared>) -> Option<Self> {
        weak.upgrade().map(Self)
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").field("timer", &self.0.timer).finish_non_exhaustive()
    }
}

/// A limiter to be.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it builds"]
pub struct LimiterBuilder {
    restrictions: Restrictions,
    timer: Option<Box<dyn Timer>>,
    store: Option<Box<dyn QuotaStore>>,
}

impl LimiterBuilder {
    /// The parameters. Default: [`Restrictions::default`].
    pub fn restrictions(mut self, restrictions: Restrictions) -> Self {
        self.restrictions = restrictions;
        self
    }

    /// The source of tokens. Default: [`InProcess`].
    pub fn store(mut self, store: impl QuotaStore) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// The clock and alarm. Default: [`SystemTimer`], tokio's or the browser's.
    pub fn timer(mut self, timer: impl Timer) -> Self {
        self.timer = Some(Box::new(timer));
        self
    }

    /// The limiter.
    ///
    /// # Errors
    /// [`InvalidRestrictions`] when a parameter makes no sense.
    pub fn build(self) -> Result<Limiter, InvalidRestrictions> {
        self.restrictions.check()?;
        Ok(self.build_checked())
    }

    /// The limiter, with parameters that are known to make sense.
    pub(super) fn build_checked(self) -> Limiter {
        let Self { mut restrictions, timer, store } = self;
        restrictions.retry = RetryPolicy::default();
        Limiter(Arc::new(Shared {
            timer: timer.unwrap_or_else(|| Box::new(SystemTimer::new())),
            tuning: Mutex::default(),
            state: Mutex::new(State::new(restrictions, store.unwrap_or_else(|| Box::new(InProcess::new())))),
        }))
    }
}
