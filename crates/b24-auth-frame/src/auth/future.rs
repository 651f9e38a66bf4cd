//! The future of a grant.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::{Error, Grant};
use futures_util::future::{BoxFuture, Shared};

use crate::FrameError;

/// A question to the page that is under way, for all who wait for its answer.
pub(super) type Flight = Shared<BoxFuture<'static, Result<Grant, FrameError>>>;

/// The future of [`FrameAuth`](super::FrameAuth): a grant that is there, or one that the portal's page is asked for.
///
/// # Cancel safety
/// Dropping it gives the wait up. An answer that comes later is used by the next call.
#[must_use = "futures do nothing unless polled"]
pub struct GrantFuture(State);

enum State {
    /// `None` when it has been taken.
    Known(Option<Grant>),
    /// With the old grant, where it is still good.
    Waiting { flight: Flight, otherwise: Option<Grant> },
}

impl GrantFuture {
    pub(super) fn waiting(flight: Flight, otherwise: Option<Grant>) -> Self {
        Self(State::Waiting { flight, otherwise })
    }
}

impl Future for GrantFuture {
    type Output = Result<Grant, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // As with any future: polled after it was done.
            State::Known(grant) => grant.take().map_or(Poll::Pending, |grant| Poll::Ready(Ok(grant))),
            State::Waiting { flight, otherwise } => {
                let outcome = ready!(Pin::new(flight).poll(cx));
                Poll::Ready(outcome.or_else(|error| otherwise.take().ok_or_else(|| error.into())))
            }
        }
    }
}

impl From<Grant> for GrantFuture {
    fn from(grant: Grant) -> Self {
        Self(State::Known(Some(grant)))
    }
}

impl fmt::Debug for GrantFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantFuture").finish_non_exhaustive()
    }
}
