//! The future of a grant.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::{Error, Grant};

use super::flight::{Flight, Wait};

/// The future of [`FrameAuth`](super::FrameAuth): a grant that is there, or one that the portal's page is asked for.
///
/// # Cancel safety
/// Dropping it gives the wait up. An answer that comes later is used by the next call.
#[must_use = "futures do nothing unless polled"]
pub struct GrantFuture(State);

enum State {
    /// `None` when it has been taken.
    Known(Option<Grant>),
    /// Without the new grant there is none.
    Waiting(Wait),
    /// The old grant is still good: the question is sent, and not waited for.
    Ahead { flight: Flight, good: Grant },
}

impl GrantFuture {
    pub(super) fn waiting(flight: Flight, good: Option<Grant>) -> Self {
        Self(match good {
            Some(good) => State::Ahead { flight, good },
            None => State::Waiting(flight.wait()),
        })
    }
}

impl Future for GrantFuture {
    type Output = Result<Grant, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let granted = match &mut self.0 {
            // As with any future: polled after it was done.
            State::Known(grant) => return grant.take().map_or(Poll::Pending, |grant| Poll::Ready(Ok(grant))),
            State::Waiting(wait) => ready!(wait.poll(cx)).map_err(Error::from),
            State::Ahead { flight, good } => match flight.look() {
                Some(Ok(new)) => Ok(new),
                Some(Err(_)) | None => Ok(good.clone()),
            },
        };
        self.0 = State::Known(None);
        Poll::Ready(granted)
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
