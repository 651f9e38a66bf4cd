//! A look at the counters.

use std::{borrow::Cow, collections::BTreeMap, time::Duration};

use b24_core::Method;

use crate::settings::RateLimit;

/// What a limiter has counted, and where it stands. Every send counts, repeats included.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Sends that are over: the sum of the next two.
    pub sends: u64,
    /// Those with a usable answer.
    pub succeeded: u64,
    /// The others.
    pub failed: u64,
    /// Sends under way.
    pub in_flight: u64,
    /// How many of the sends were repeats; 0 where no [`RetryLayer`](crate::RetryLayer) was asked.
    pub repeats: u64,
    /// How long all sends took, without their waits.
    pub duration: Duration,
    /// How often sends had to wait for any limit, and how long.
    pub waits: Waits,
    /// Calls that were not sent because the wait would have been too long.
    pub rejected: u64,
    /// The rate; `None` where there is no limit.
    pub rate: Option<RateStats>,
    /// How often the portal refused a call as too fast.
    pub rate_refusals: u64,
    /// How often the portal refused a method, or a command of a batch, because its operating time was used up.
    pub operating_refusals: u64,
    /// How often a method was slowed down before its operating time was used up.
    pub adaptive_delays: u64,
    /// How long, all in all.
    pub adaptive_delay: Duration,
    /// Answers of methods that had used more than the heavy share of their operating time.
    pub heavy: u64,
    /// Failures by code.
    pub codes: BTreeMap<Cow<'static, str>, u64>,
    /// The last hundred failures, oldest first.
    pub failures: Vec<Failure>,
    /// By method, in the order of their names; each credential has its own.
    pub methods: Vec<MethodStats>,
}

impl Stats {
    /// The same, with the count of a [`RetryLayer`](crate::RetryLayer).
    #[must_use]
    pub fn with_repeats(mut self, repeats: u64) -> Self {
        self.repeats = repeats;
        self
    }

    /// The average of the adaptive delays.
    #[must_use]
    pub fn average_adaptive_delay(&self) -> Duration {
        let count = u32::try_from(self.adaptive_delays.max(1)).unwrap_or(u32::MAX);
        self.adaptive_delay / count
    }
}

/// How often and how long sends waited. Percentiles are right to a quarter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waits {
    /// How many waited at all.
    pub count: u64,
    /// How long, all in all.
    pub total: Duration,
    /// Half of them waited no longer.
    pub p50: Duration,
    /// 95 of a hundred waited no longer.
    pub p95: Duration,
    /// The longest.
    pub max: Duration,
}

/// The rate of a portal.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateStats {
    /// The limit that was set.
    pub limit: RateLimit,
    /// How many calls could go at once.
    pub tokens: f64,
    /// How many a second: lowered by refusals.
    pub drain_per_second: f64,
    /// How many calls wait for their turn.
    pub waiting: usize,
    /// How long all of them still pause after a refusal. After that they wait until there is room: a refusal says that
    /// others have filled the bucket.
    pub pause: Duration,
    /// Refusals without a success between them.
    pub refusals_in_a_row: u32,
}

/// One method of one credential.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MethodStats {
    /// Whose operating time it is: the number of [`Grant::owner`](b24_core::Grant::owner).
    pub owner: u64,
    /// Its name, in lower case.
    pub method: Method,
    /// Sends that are over.
    pub sends: u64,
    /// How long they took.
    pub duration: Duration,
    /// Sends under way.
    pub in_flight: u32,
    /// Calls that wait for its operating time.
    pub waiting: usize,
    /// How much operating time counts now, as far as the portal has told.
    pub operating: Duration,
    /// How long until a part of it is given back.
    pub resets_in: Duration,
    /// How often the portal refused it.
    pub refusals: u64,
}

/// A send that failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Failure {
    /// The code: the portal's, or ours.
    pub code: Cow<'static, str>,
    /// The method, where it is known.
    pub method: Option<Method>,
    /// When, since the Unix epoch.
    pub at: Duration,
}
