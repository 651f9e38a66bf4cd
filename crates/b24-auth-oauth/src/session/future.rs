//! The future of a grant.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::{Error, Grant};
use futures_util::future::{BoxFuture, Shared};

use super::failure::Failure;

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
    Waiting(Flight),
}

impl Future for GrantFuture {
    type Output = Result<Grant, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Known(outcome) => match outcome.take() {
                Some(outcome) => Poll::Ready(outcome),
                // As with any future: polled after it was done.
                None => Poll::Pending,
            },
            State::Waiting(flight) => {
                let outcome = ready!(Pin::new(flight).poll(cx));
                Poll::Ready(outcome.map_err(|failure| failure.to_error()))
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

impl From<Flight> for GrantFuture {
    fn from(flight: Flight) -> Self {
        Self(State::Waiting(flight))
    }
}

impl fmt::Debug for GrantFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantFuture").finish_non_exhaustive()
    }
}
