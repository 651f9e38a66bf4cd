//! The rows of a list as a stream.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::Error;
use futures_util::{Stream, StreamExt};

use super::Pages;

/// The rows of a list, one by one, in order. The first error is the last item.
#[must_use = "streams do nothing unless polled"]
pub struct Rows<T> {
    pages: Pages<T>,
    page: std::vec::IntoIter<T>,
}

impl<T> Rows<T> {
    pub(super) fn new(pages: Pages<T>) -> Self {
        Self { pages, page: Vec::new().into_iter() }
    }
}

impl<T> Rows<T> {
    /// The next row: `None` after the last one, or after an error. The same as `StreamExt::next`, for programs that use
    /// nothing else of streams.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        StreamExt::next(self).await
    }
}

impl<T> Stream for Rows<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.page.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            match ready!(self.pages.poll_next_unpin(cx)) {
                Some(Ok(page)) => self.page = page.rows.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

// What is in it moves about freely.
impl<T> Unpin for Rows<T> {}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("of_this_page", &self.page.len()).finish_non_exhaustive()
    }
}
