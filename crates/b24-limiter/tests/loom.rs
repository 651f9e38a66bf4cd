//! The shared handle, in every interleaving of its threads: no wake-up is lost. Run by `cargo xtask loom`.

#![cfg(b24_loom)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{future::Future, pin::pin, task::Context, time::Duration};

use b24_limiter::{
    Limiter, Restrictions,
    classify::{Lesson, Reading, Spend},
    settings::RateLimit,
    timer::{Sleep, Timer},
};
use loom::{future::block_on, thread};

/// Time stands still, and no alarm ever rings: whoever waits is woken by somebody else, or never.
#[derive(Debug)]
struct Frozen;

impl Timer for Frozen {
    fn now(&self) -> Duration {
        Duration::from_secs(1000)
    }

    fn unix_time(&self, _: Duration) -> Duration {
        Duration::from_secs(1_000_000)
    }

    fn sleep(&self, _: Duration) -> Sleep {
        Box::pin(std::future::pending())
    }
}

/// One call at once, and hardly another.
fn limiter() -> Limiter {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(1.0, 0.01));
    Limiter::builder().restrictions(restrictions).timer(Frozen).build().unwrap()
}

fn spend() -> Spend {
    Spend::call("profile")
}

#[test]
fn a_token_that_is_given_back_wakes_whoever_waits() {
    loom::model(|| {
        let limiter = limiter();
        let permit = block_on(limiter.turn(spend()));
        let other = limiter.clone();
        let waiting = thread::spawn(move || drop(block_on(other.turn(spend()))));
        drop(permit);
        waiting.join().unwrap();
    });
}

#[test]
fn a_head_that_gives_up_wakes_the_next() {
    loom::model(|| {
        let limiter = limiter();
        let permit = block_on(limiter.turn(spend()));
        // Takes its place, and gives up at any moment.
        let mut first = Box::pin(limiter.turn(spend()));
        assert!(first.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        let other = limiter.clone();
        let waiting = thread::spawn(move || drop(block_on(other.turn(spend()))));
        let giving_up = thread::spawn(move || drop(first));
        drop(permit);
        waiting.join().unwrap();
        giving_up.join().unwrap();
    });
}

#[test]
fn new_parameters_wake_whoever_waits() {
    loom::model(|| {
        let limiter = limiter();
        let mut permit = block_on(limiter.turn(spend()));
        permit.sent();
        let other = limiter.clone();
        let waiting = thread::spawn(move || drop(block_on(other.turn(spend()))));
        limiter.update(|restrictions| restrictions.rate = None).unwrap();
        waiting.join().unwrap();
        permit.settle(&Lesson::succeeded());
    });
}

#[test]
fn an_answer_wakes_whoever_waits_for_operating_time() {
    loom::model(|| {
        let mut restrictions = Restrictions::default();
        restrictions.rate = None;
        let limiter = Limiter::builder().restrictions(restrictions).timer(Frozen).build().unwrap();
        let told = |operating| {
            let reading = Reading::new(Duration::from_secs(operating), Duration::from_secs(1_000_500));
            Lesson::succeeded().with_reading(reading)
        };
        let (mut first, mut second) = (block_on(limiter.turn(spend())), block_on(limiter.turn(spend())));
        first.sent();
        second.sent();
        first.settle(&told(478));
        let other = limiter.clone();
        let waiting = thread::spawn(move || drop(block_on(other.turn(spend()))));
        // The portal has forgotten: there is time again.
        second.settle(&told(100));
        waiting.join().unwrap();
    });
}

#[test]
fn counts_of_two_threads_add_up() {
    loom::model(|| {
        let mut restrictions = Restrictions::default();
        restrictions.rate = Some(RateLimit::new(2.0, 1.0));
        let limiter = Limiter::builder().restrictions(restrictions).timer(Frozen).build().unwrap();
        let call = |limiter: Limiter| {
            move || {
                let mut permit = block_on(pin!(limiter.turn(spend())));
                permit.sent();
                permit.settle(&Lesson::succeeded());
            }
        };
        let other = thread::spawn(call(limiter.clone()));
        call(limiter.clone())();
        other.join().unwrap();
        let stats = limiter.stats();
        assert_eq!((stats.sends, stats.in_flight, stats.rate.unwrap().tokens), (2, 0, 0.0));
    });
}
