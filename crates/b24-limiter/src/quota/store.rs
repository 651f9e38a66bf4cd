//! What a store must be able to do.

use std::{fmt, time::Duration};

use b24_core::BoxError;

use super::Answer;
use crate::settings::RateLimit;

/// A source of tokens for one portal: each lets one call out.
///
/// A store is asked by one waiting call at a time for each limiter, whatever the number of those that wait. Where it
/// fails, calls go by this process's own count until it answers again.
///
/// # What an implementation promises
/// * `take` is atomic: two processes never get the same token.
/// * Tokens that are neither reported as [`arrived`](Self::arrived) nor given back count as used after a second or so: a
///   process that dies leaves no debt.
/// * After [`refused`](Self::refused) nobody gets a token before the pause is over.
/// * An [`Answer`] begins its work when it is first polled, and a dropped one does no harm.
pub trait QuotaStore: fmt::Debug + Send + Sync + 'static {
    /// Takes tokens, or says how long to wait before asking again.
    fn take(&self, ask: &Ask) -> Answer<Result<Take, BoxError>>;

    /// The portal has taken the call that went at `sent` with a token, so it has been counted there.
    fn arrived(&self, token: &Tokens, sent: Duration, now: Duration) -> Answer<()>;

    /// Tokens that were not used.
    fn give_back(&self, tokens: &Tokens, now: Duration) -> Answer<()>;

    /// The portal has refused a call as too fast: its bucket is full.
    fn refused(&self, refusal: &Refusal) -> Answer<()>;

    /// What there is now; a shared store says what it knows without asking its server.
    fn gauge(&self, rate: &RateLimit, now: Duration) -> Gauge;
}

/// A wish for tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ask {
    /// The numbers to go by: they may change from one ask to the next.
    pub rate: RateLimit,
    /// How many calls wait: a store that is far away may hand out so many at once.
    pub waiting: usize,
    /// The call has been refused before: it had better go when there is room for a few more.
    pub careful: bool,
    /// The limiter's time, for stores without a clock of their own. It never goes back.
    pub now: Duration,
}

impl Ask {
    /// A wish of one waiting call.
    #[must_use]
    pub fn new(rate: RateLimit, now: Duration) -> Self {
        Self { rate, waiting: 1, careful: false, now }
    }
}

/// What comes of a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Take {
    /// Tokens, at least one.
    Granted(Tokens),
    /// None now; ask again after so long.
    Wait(Duration),
}

/// Some tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// How many.
    pub count: u32,
    /// Whatever the store finds them by.
    pub stamp: u64,
    /// How long those that are not used at once may be used; they are given back after that. `None`: at once only.
    pub good_for: Option<Duration>,
}

impl Tokens {
    /// One token, to be used at once.
    #[must_use]
    pub fn one(stamp: u64) -> Self {
        Self { count: 1, stamp, good_for: None }
    }

    /// A lease: so many tokens, for so long.
    #[must_use]
    pub fn lease(count: u32, stamp: u64, good_for: Duration) -> Self {
        Self { count, stamp, good_for: Some(good_for) }
    }
}

/// The portal has refused a call as too fast.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// The numbers that calls went by.
    pub rate: RateLimit,
    /// The token of the refused call.
    pub token: Option<Tokens>,
    /// When the call went, by the limiter's time: calls that were under way at an earlier refusal say nothing new.
    pub sent: Duration,
    /// The limiter's time.
    pub now: Duration,
    /// How long the answer asked to wait.
    pub retry_after: Option<Duration>,
}

/// The state of a store.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Gauge {
    /// How many calls could go at once.
    pub tokens: f64,
    /// How many a second: lowered by refusals.
    pub drain_per_second: f64,
    /// How long all senders still pause.
    pub pause: Duration,
    /// Refusals without a success between them.
    pub refusals_in_a_row: u32,
}

impl Gauge {
    /// So many calls at once, and so many a second.
    #[must_use]
    pub fn new(tokens: f64, drain_per_second: f64) -> Self {
        Self { tokens, drain_per_second, ..Self::default() }
    }
}
