//! The future of an HTTP response.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{ResponseBody, service::Pool};
use crate::{Body, HttpError};

pin_project! {
    /// The future of [`HttpClient`](super::HttpClient).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture {
        #[pin]
        inner: <Pool as Service<Request<Body>>>::Future,
    }
}

impl ResponseFuture {
    pub(super) fn new(inner: <Pool as Service<Request<Body>>>::Future) -> Self {
        Self { inner }
    }
}

impl Future for ResponseFuture {
    type Output = Result<Response<ResponseBody>, HttpError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.project().inner.poll(cx)) {
            Ok(response) => Ok(response.map(ResponseBody::new)),
            // Whatever fails while connecting, TLS and proxy included, fails before the first byte of the request.
            Err(error) if error.is_connect() => Err(HttpError::not_sent(error)),
            Err(error) => Err(HttpError::sent(error)),
        })
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
