//! The future of an HTTP response.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use futures_channel::oneshot;
use http::{Request, Response};

use super::{
    ResponseBody,
    task::{self, Head, Leash},
};
use crate::{Body, HttpError};

/// The future of [`HttpClient`](super::HttpClient).
///
/// # Cancel safety
/// Dropping it aborts the `fetch`. The request may have been sent, if the future was polled.
#[must_use = "futures do nothing unless polled"]
pub struct ResponseFuture {
    state: State,
}

enum State {
    /// Not begun.
    Unsent(Box<Request<Body>>),
    /// Sent; the task that has the promise hands the head over.
    Sent {
        head: oneshot::Receiver<Result<Head, HttpError>>,
        leash: Leash,
    },
    Done,
}

impl ResponseFuture {
    pub(super) fn new(request: Request<Body>) -> Self {
        Self { state: State::Unsent(Box::new(request)) }
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<ResponseBody>, HttpError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut head, leash) = match std::mem::replace(&mut self.state, State::Done) {
            State::Unsent(request) => task::start(*request),
            State::Sent { head, leash } => (head, leash),
            State::Done => return Poll::Ready(Err(HttpError::sent("polled after it was done"))),
        };
        match Pin::new(&mut head).poll(cx) {
            Poll::Pending => {
                self.state = State::Sent { head, leash };
                Poll::Pending
            }
            Poll::Ready(Ok(outcome)) => {
                Poll::Ready(outcome.map(|head| head.map(|chunks| ResponseBody::new(chunks, leash))))
            }
            Poll::Ready(Err(oneshot::Canceled)) => Poll::Ready(Err(HttpError::sent("the fetch ended without a word"))),
        }
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
