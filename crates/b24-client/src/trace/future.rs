//! The future of a traced call.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::{Error, RestResponse, keys};
use pin_project_lite::pin_project;
use tracing::Span;

pin_project! {
    /// The future of [`Trace`](super::Trace): polls the call inside of its span.
    ///
    /// # Cancel safety
    /// Dropping it drops the call; the span closes without an outcome.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: F,
        span: Span,
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn new(inner: F, span: Span) -> Self {
        Self { inner, span }
    }
}

impl<F: Future<Output = Result<RestResponse, Error>>> Future for ResponseFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let entered = this.span.enter();
        let outcome = ready!(this.inner.poll(cx));
        drop(entered);
        record(this.span, &outcome);
        Poll::Ready(outcome)
    }
}

fn record(span: &Span, outcome: &Result<RestResponse, Error>) {
    let (status, attempts) = match outcome {
        Ok(response) => (Some(response.status()), response.attempts()),
        Err(error) => (error.status(), error.attempts()),
    };
    span.record(keys::HTTP_REQUEST_RESEND_COUNT, attempts.saturating_sub(1));
    if let Some(status) = status {
        span.record(keys::HTTP_RESPONSE_STATUS_CODE, status.as_u16());
    }
    if let Err(error) = outcome {
        span.record(keys::OTEL_STATUS_CODE, "error");
        span.record(keys::ERROR_TYPE, error.code());
    }
}
