//! The future of a request with credentials.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::{BoxError, Grant};
use pin_project_lite::pin_project;

use crate::{HttpError, sends::Sends};

pin_project! {
    /// The future of [`Credentials`](super::Credentials).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        grant: Option<Grant>,
        sends: Sends,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, grant: Option<Grant>, sends: Sends) -> Self {
        Self { inner, grant, sends }
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
            if !error.may_have_been_sent() {
                this.sends.was_not_sent();
            }
            match this.grant {
                Some(grant) => error.without(grant.credential().secret()),
                None => error,
            }
        }))
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
