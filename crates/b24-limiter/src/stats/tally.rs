//! What is counted while calls go by.

use std::{borrow::Cow, collections::VecDeque, time::Duration};

use super::{Failure, Waits, histogram::Histogram};

/// The counters of one limiter.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sends: u64,
    pub(crate) in_flight: u64,
    pub(crate) succeeded: u64,
    pub(crate) failed: u64,
    pub(crate) duration: Duration,
    pub(crate) rate_refusals: u64,
    pub(crate) operating_refusals: u64,
    pub(crate) rejected: u64,
    pub(crate) heavy: u64,
    pub(crate) waits: Histogram,
    pub(crate) adaptive_delays: u64,
    pub(crate) adaptive_delay: Duration,
    /// How often each code came: a few of them.
    pub(crate) codes: Vec<(Cow<'static, str>, u64)>,
    pub(crate) failures: VecDeque<Failure>,
}

/// The counters of one method.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct MethodTally {
    pub(crate) sends: u64,
    pub(crate) duration: Duration,
    pub(crate) blocked: u64,
}

impl Tally {
    /// A send that failed.
    pub(crate) fn fail(&mut self, failure: Failure) {
        self.failed += 1;
        // Servers may make codes up: what is kept of them is bounded.
        let has_room = self.codes.len() < MOST_CODES;
        match self.codes.iter_mut().find(|(code, _)| *code == failure.code) {
            Some((_, count)) => *count += 1,
            None if has_room => self.codes.push((failure.code.clone(), 1)),
            None => {}
        }
        if self.failures.len() == MOST_FAILURES {
            self.failures.pop_front();
        }
        self.failures.push_back(failure);
    }

    pub(crate) fn waits(&self) -> Waits {
        Waits {
            count: self.waits.count,
            total: self.waits.total,
            p50: self.waits.percentile(50),
            p95: self.waits.percentile(95),
            max: self.waits.max,
        }
    }

    /// Begins anew; what is under way stays under way.
    pub(crate) fn reset(&mut self) {
        *self = Self { in_flight: self.in_flight, ..Self::default() };
    }
}

const MOST_CODES: usize = 200;
const MOST_FAILURES: usize = 100;
