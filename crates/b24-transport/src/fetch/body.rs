//! The body of a response.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use futures_util::Stream;
use http_body::{Body, Frame};

use super::task::{Chunks, Leash};
use crate::HttpError;

/// The body of a response, in the pieces in which the browser hands it over, decompressed. One piece is taken ahead.
///
/// Dropping it aborts what has not come yet.
pub struct ResponseBody {
    chunks: Chunks,
    _leash: Leash,
}

impl ResponseBody {
    pub(super) fn new(chunks: Chunks, leash: Leash) -> Self {
        Self { chunks, _leash: leash }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        Pin::new(&mut self.chunks).poll_next(cx).map(|next| next.map(|chunk| chunk.map(Frame::data)))
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}
