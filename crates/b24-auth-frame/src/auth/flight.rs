//! One question to the page, for all who wait for its answer.
//!
//! `Shared` of futures-util is nearly this. But there, whoever is woken while another one drives the future relies on that
//! one to go on; one that only looks, or leaves, does not, and the wake-up is lost. Here it is handed on.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use b24_core::Grant;
use futures_util::{FutureExt, future::BoxFuture};

use crate::FrameError;

pub(super) type Outcome = Result<Grant, FrameError>;

/// A question that is under way. Nobody drives it but those who wait, or look, and any of them may leave at any time:
/// whoever comes while another drives it is woken when that one is done, and drives it in turn.
#[derive(Clone)]
pub(super) struct Flight(Arc<Inner>);

struct Inner {
    trip: Mutex<Trip>,
    /// Apart from the question, which holds on to it.
    crowd: Arc<Crowd>,
}

enum Trip {
    Under(BoxFuture<'static, Outcome>),
    /// Somebody drives it just now; with those who have come meanwhile.
    Driven(Vec<Waker>),
    Over(Outcome),
}

/// Those who are to be woken when there is something new.
#[derive(Default)]
struct Crowd(Mutex<Wakers>);

#[derive(Default)]
struct Wakers {
    next: u64,
    by_number: Vec<(u64, Waker)>,
}

impl Flight {
    pub(super) fn new(question: BoxFuture<'static, Outcome>) -> Self {
        Self(Arc::new(Inner { trip: Mutex::new(Trip::Under(question)), crowd: Arc::default() }))
    }

    /// Whether it is this very one.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Looks whether it is over, and moves it on as far as it goes.
    pub(super) fn look(&self) -> Option<Outcome> {
        self.drive(Waker::noop())
    }

    /// The waker must be in the crowd, if it is one that somebody relies on.
    fn drive(&self, waker: &Waker) -> Option<Outcome> {
        let mut question = {
            let mut trip = self.0.trip();
            match &mut *trip {
                Trip::Over(outcome) => return Some(outcome.clone()),
                Trip::Driven(others) => {
                    others.push(waker.clone());
                    return None;
                }
                Trip::Under(_) => {}
            }
            match mem::replace(&mut *trip, Trip::Driven(Vec::new())) {
                Trip::Under(question) => Landing { inner: &self.0, question: Some(question) },
                _ => return None,
            }
        };
        question.drive()
    }

    /// Waits for it.
    pub(super) fn wait(self) -> Wait {
        Wait { number: self.0.crowd.number(), flight: self }
    }
}

/// Puts back what was taken out to be driven, whatever happens meanwhile.
struct Landing<'a> {
    inner: &'a Inner,
    question: Option<BoxFuture<'static, Outcome>>,
}

impl Landing<'_> {
    fn drive(&mut self) -> Option<Outcome> {
        // Taken out: should it panic, it is over.
        let mut question = self.question.take()?;
        let waker = Waker::from(Arc::clone(&self.inner.crowd));
        match question.poll_unpin(&mut Context::from_waker(&waker)) {
            Poll::Pending => {
                self.question = Some(question);
                None
            }
            Poll::Ready(outcome) => {
                self.land(Trip::Over(outcome.clone()));
                self.inner.crowd.wake_all();
                Some(outcome)
            }
        }
    }

    fn land(&self, trip: Trip) {
        let driven = mem::replace(&mut *self.inner.trip(), trip);
        // The lock is let go of before anybody is told.
        if let Trip::Driven(others) = driven {
            others.into_iter().for_each(Waker::wake);
        }
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if let Some(question) = self.question.take() {
            self.land(Trip::Under(question));
        } else if matches!(&*self.inner.trip(), Trip::Driven(_)) {
            self.land(Trip::Over(Err(FrameError::Destroyed)));
            self.inner.crowd.wake_all();
        }
    }
}

/// Somebody who waits.
pub(super) struct Wait {
    flight: Flight,
    number: u64,
}

impl Wait {
    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Outcome> {
        self.flight.0.crowd.enter(self.number, cx.waker());
        self.flight.drive(cx.waker()).map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let left = self.flight.0.crowd.leave(self.number);
        drop(left);
    }
}

impl Inner {
    /// No panic can leave it half changed: nothing under the lock panics.
    fn trip(&self) -> MutexGuard<'_, Trip> {
        self.trip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crowd {
    fn number(&self) -> u64 {
        let mut wakers = self.wakers();
        wakers.next += 1;
        wakers.next
    }

    fn enter(&self, number: u64, waker: &Waker) {
        let left = self.leave(number);
        self.wakers().by_number.push((number, waker.clone()));
        drop(left);
    }

    fn leave(&self, number: u64) -> Option<(u64, Waker)> {
        let mut wakers = self.wakers();
        let place = wakers.by_number.iter().position(|(other, _)| *other == number)?;
        Some(wakers.by_number.swap_remove(place))
    }

    fn wake_all(&self) {
        let all = mem::take(&mut self.wakers().by_number);
        all.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn wakers(&self) -> MutexGuard<'_, Wakers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Crowd {
    fn wake(self: Arc<Self>) {
        self.wake_all();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wake_all();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::{
        future::poll_fn,
        panic::{AssertUnwindSafe, catch_unwind},
        sync::atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn who_comes_while_another_drives_is_woken_when_that_one_leaves() {
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let late = Arc::new(Mutex::new(None::<Wait>));
        let within = Arc::clone(&late);
        let mut polls = 0;
        let flight = Flight::new(
            poll_fn(move |cx| {
                polls += 1;
                if polls > 1 {
                    return Poll::Ready(Err(FrameError::Destroyed));
                }
                // What it waits for happens now; then somebody comes.
                cx.waker().wake_by_ref();
                let wait = within.lock().unwrap().take().unwrap();
                assert!(wait.poll(&Context::from_waker(&waker)).is_pending());
                *within.lock().unwrap() = Some(wait);
                Poll::Pending
            })
            .boxed(),
        );
        *late.lock().unwrap() = Some(flight.clone().wait());
        assert!(flight.look().is_none());
        assert_eq!(count.0.load(Ordering::SeqCst), 1);
        let wait = late.lock().unwrap().take().unwrap();
        assert!(wait.poll(&Context::from_waker(Waker::noop())).is_ready());
    }

    #[test]
    fn all_are_woken_when_it_is_over_and_who_has_left_is_not() {
        let (tell, told) = futures_channel::oneshot::channel();
        let flight = Flight::new(told.map(|_| Err(FrameError::Destroyed)).boxed());
        let counts: Vec<_> = (0..3).map(|_| Arc::new(Count::default())).collect();
        let mut waits: Vec<_> = counts.iter().map(|_| flight.clone().wait()).collect();
        for (wait, count) in waits.iter().zip(&counts) {
            assert!(wait.poll(&Context::from_waker(&Waker::from(Arc::clone(count)))).is_pending());
        }
        drop(waits.pop());
        tell.send(()).unwrap();
        let woken = || counts.iter().map(|count| count.0.load(Ordering::SeqCst)).collect::<Vec<_>>();
        assert_eq!(woken(), [1, 1, 0]);
        assert!(matches!(flight.look(), Some(Err(FrameError::Destroyed))));
    }

    #[test]
    fn a_panic_leaves_nobody_waiting() {
        let flight = Flight::new(poll_fn(|_| panic!("on purpose")).boxed());
        assert!(catch_unwind(AssertUnwindSafe(|| flight.look())).is_err());
        assert!(matches!(flight.look(), Some(Err(FrameError::Destroyed))));
    }
}
