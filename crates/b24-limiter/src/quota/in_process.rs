//! The store of one process.

use std::time::Duration;

use b24_core::BoxError;

use super::{Answer, Ask, Gauge, QuotaStore, Refusal, Take, Tokens};
use crate::{
    rate::{Bucket, Recovery, Shape},
    settings::RateLimit,
    sync::Mutex,
};

/// Counts what this process sends. Every answer is there at once.
#[derive(Debug, Default)]
pub struct InProcess(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Made by the first ask, which brings the numbers.
    bucket: Option<Bucket>,
    recovery: Recovery,
    pause_until: Duration,
}

impl InProcess {
    /// A store with an empty bucket.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing goes before a part of the bucket has drained.
    pub(crate) fn fill(&self, ask: &Ask) {
        self.0.lock().bucket(&ask.rate, ask.now).fill(ask.now);
    }

    /// What [`QuotaStore::take`] answers.
    pub(crate) fn take_now(&self, ask: &Ask) -> Take {
        let mut state = self.0.lock();
        let pause = state.pause_until.saturating_sub(ask.now);
        if !pause.is_zero() {
            return Take::Wait(pause);
        }
        let more = if ask.careful { ROOM_OF_THE_CAREFUL } else { 0 };
        let taken = state.bucket(&ask.rate, ask.now).take(more, ask.now);
        taken.map_or_else(Take::Wait, |stamp| Take::Granted(Tokens::one(stamp)))
    }
}

impl State {
    /// The numbers of now.
    fn shape(&self, rate: &RateLimit, now: Duration) -> Shape {
        let factor = if rate.adaptive { self.recovery.factor(now) } else { 1.0 };
        Shape::new(rate, factor)
    }

    /// The bucket, with the numbers of now.
    fn bucket(&mut self, rate: &RateLimit, now: Duration) -> &mut Bucket {
        let shape = self.shape(rate, now);
        let bucket = self.bucket.get_or_insert_with(|| Bucket::new(shape, now));
        bucket.reshape(shape, now);
        bucket
    }
}

impl QuotaStore for InProcess {
    fn take(&self, ask: &Ask) -> Answer<Result<Take, BoxError>> {
        Answer::now(Ok(self.take_now(ask)))
    }

    fn arrived(&self, token: &Tokens, sent: Duration, now: Duration) -> Answer<()> {
        let mut state = self.0.lock();
        if let Some(bucket) = &mut state.bucket {
            bucket.arrived(token.stamp, now);
        }
        state.recovery.passed(sent);
        Answer::now(())
    }

    fn give_back(&self, tokens: &Tokens, now: Duration) -> Answer<()> {
        if let Some(bucket) = &mut self.0.lock().bucket {
            bucket.give_back(tokens.stamp, now);
        }
        Answer::now(())
    }

    fn refused(&self, refusal: &Refusal) -> Answer<()> {
        let Refusal { rate, token, sent, now, retry_after } = refusal;
        let mut state = self.0.lock();
        if let Some((bucket, token)) = state.bucket.as_mut().zip(token.as_ref()) {
            bucket.arrived(token.stamp, *now);
        }
        if let Some(pause) = state.recovery.refused(*sent, *now, rate.adaptive, rate.drain_per_second) {
            state.bucket(rate, *now).fill(*now);
            state.pause_until = state.pause_until.max(now.saturating_add(pause));
        }
        let asked = retry_after.unwrap_or_default().min(LONGEST_ASKED_PAUSE);
        state.pause_until = state.pause_until.max(now.saturating_add(asked));
        Answer::now(())
    }

    fn gauge(&self, rate: &RateLimit, now: Duration) -> Gauge {
        let mut state = self.0.lock();
        let drain_per_second = state.shape(rate, now).drain_per_second();
        let pause = state.pause_until.saturating_sub(now);
        let refusals_in_a_row = state.recovery.strikes();
        let tokens = if pause.is_zero() { state.bucket(rate, now).room(now) } else { 0.0 };
        Gauge { tokens, drain_per_second, pause, refusals_in_a_row }
    }
}

/// For how many calls there is room besides one that was refused before.
const ROOM_OF_THE_CAREFUL: u64 = 3;
/// No server that is well asks for more.
const LONGEST_ASKED_PAUSE: Duration = Duration::from_secs(300);
