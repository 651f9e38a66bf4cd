//! The body of a response.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use pin_project_lite::pin_project;
use tower_http::decompression::DecompressionBody;

use crate::HttpError;

pin_project! {
    /// The body of a response, decompressed.
    pub struct ResponseBody {
        #[pin]
        inner: DecompressionBody<Incoming>,
    }
}

impl ResponseBody {
    pub(super) fn new(inner: DecompressionBody<Incoming>) -> Self {
        Self { inner }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        Poll::Ready(ready!(self.project().inner.poll_frame(cx)).map(|frame| frame.map_err(HttpError::sent)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
