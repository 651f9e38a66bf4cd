//! The future of a grant.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use b24_core::{Error, Grant};
use futures_util::future::{BoxFuture, Shared};

use super::{Inner, failure::Failure, renewal::Reason};

/// A renewal that is under way, for all who wait for it.
pub(super) type Flight = Shared<BoxFuture<'static, Result<Grant, Failure>>>;

/// The future of [`OAuth`](super::OAuth): a grant that is there, or one that is being renewed.
///
/// # Cancel safety
/// Dropping it gives the wait up. The renewal goes on.
#[must_use = "futures do nothing unless polled"]
pub struct GrantFuture(State);

enum State {
    /// `None` when it has been taken.
    Known(Option<Result<Grant, Error>>),
    /// A flight that was begun for another reason may end with the very pair that was refused: then once more.
    Waiting { flight: Flight, refused: Option<(Arc<Inner>, u64)> },
}

impl GrantFuture {
    pub(super) fn waiting(flight: Flight, inner: &Arc<Inner>, reason: Reason) -> Self {
        let refused = match reason {
            Reason::Due => None,
            Reason::Refused(generation) => Some((Arc::clone(inner), generation)),
        };
        Self(State::Waiting { flight, refused })
    }
}

impl Future for GrantFuture {
    type Output = Result<Grant, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut self.0 {
                State::Known(outcome) => {
                    return match outcome.take() {
                        Some(outcome) => Poll::Ready(outcome),
                        // As with any future: polled after it was done.
                        None => Poll::Pending,
                    };
                }
                State::Waiting { flight, refused } => {
                    let outcome = ready!(Pin::new(flight).poll(cx));
                    let same = |generation: u64| outcome.as_ref().is_ok_and(|grant| grant.generation() == generation);
                    let Some((inner, generation)) = refused.take().filter(|(_, generation)| same(*generation)) else {
                        return Poll::Ready(outcome.map_err(|failure| failure.to_error()));
                    };
                    self.0 = match inner.join_now(Reason::Refused(generation)).0 {
                        State::Waiting { flight, .. } => State::Waiting { flight, refused: None },
                        known @ State::Known(_) => known,
                    };
                }
            }
        }
    }
}

impl From<Grant> for GrantFuture {
    fn from(grant: Grant) -> Self {
        Self(State::Known(Some(Ok(grant))))
    }
}

impl From<Error> for GrantFuture {
    fn from(error: Error) -> Self {
        Self(State::Known(Some(Err(error))))
    }
}

impl fmt::Debug for GrantFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantFuture").finish_non_exhaustive()
    }
}
