//! The future of a request with credentials.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::BoxError;
use pin_project_lite::pin_project;

use super::Passage;
use crate::HttpError;

pin_project! {
    /// The future of [`Credentials`](super::Credentials).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        passage: Option<Passage>,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, passage: Option<Passage>) -> Self {
        Self { inner, passage }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<R, E>>,
    E: Into<BoxError>,
{
    type Output = Result<R, HttpError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let outcome = ready!(this.inner.poll(cx));
        Poll::Ready(outcome.map_err(|error| {
            let error = HttpError::from_client(error.into());
            let Some(Passage { grant, sends }) = this.passage else { return error };
            if !error.may_have_been_sent() {
                sends.was_not_sent();
            }
            error.without(grant.credential().secret())
        }))
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
