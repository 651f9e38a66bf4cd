//! The pages of a list as a stream.

use std::{
    collections::VecDeque,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    pin::Pin,
    task::{Context, Poll},
};

use b24_core::{ApiVersion, Cursor, Error, Method, RestRequest, Time};
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};
use serde::de::DeserializeOwned;

use super::{
    bucket::{self, Bucket},
    walk::{Told, Verdict, Walk},
};
use crate::exchange::Exchange;

/// One page of a list.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page<T> {
    /// Its rows, in order.
    pub rows: Vec<T>,
    /// The absolute number of the first of them, from 0.
    pub first: u64,
    /// The id of the last row: where a list that is interrupted now goes on. `None` while no row with an id was read, and
    /// for lists by offset.
    pub cursor: Option<Cursor>,
    /// Lists by offset: how many rows the portal counted.
    pub total: Option<u64>,
    /// The portal's account of the time the page took.
    pub time: Option<Time>,
}

/// The pages of a list, in order. The first error is the last item.
#[must_use = "streams do nothing unless polled"]
pub struct Pages<T> {
    pages: BoxStream<'static, Result<Page<T>, Error>>,
    ahead: VecDeque<Result<Page<T>, Error>>,
    prefetch: usize,
    ended: bool,
}

impl<T: DeserializeOwned + Send + 'static> Pages<T> {
    pub(super) fn new(source: Result<Source, Error>, prefetch: usize) -> Self {
        let state = State::Next(source.map(Box::new));
        let pages = stream::unfold(state, |state| async move {
            match state {
                State::Next(Ok(source)) => Some(source.page().await),
                State::Next(Err(error)) => Some((Err(error), State::Ended)),
                State::Ended => None,
            }
        });
        Self { pages: pages.boxed(), ahead: VecDeque::new(), prefetch, ended: false }
    }

    pub(super) async fn collect_rows(mut self) -> Result<Vec<T>, Error> {
        let mut rows = Vec::new();
        while let Some(mut page) = self.try_next().await? {
            rows.append(&mut page.rows);
        }
        Ok(rows)
    }
}

impl<T> Pages<T> {
    /// The next page: `None` after the last one, or after an error. The same as `StreamExt::next`, for programs that use
    /// nothing else of streams.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Page<T>, Error>> {
        StreamExt::next(self).await
    }
}

impl<T> Stream for Pages<T> {
    type Item = Result<Page<T>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        while !self.ended && self.ahead.len() <= self.prefetch {
            match self.pages.poll_next_unpin(cx) {
                Poll::Ready(Some(page)) => self.ahead.push_back(page),
                Poll::Ready(None) => self.ended = true,
                Poll::Pending => break,
            }
        }
        match self.ahead.pop_front() {
            Some(page) => Poll::Ready(Some(page)),
            None if self.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

// What is in it moves about freely.
impl<T> Unpin for Pages<T> {}

impl<T> fmt::Debug for Pages<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("prefetch", &self.prefetch).field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// What comes next.
enum State {
    Next(Result<Box<Source>, Error>),
    Ended,
}

/// Where pages come from.
pub(super) struct Source {
    exchange: Exchange,
    version: ApiVersion,
    method: Method,
    walk: Walk,
    items_key: Option<Box<str>>,
    id_key: Box<str>,
    rows: u64,
}

impl Source {
    pub(super) fn new(
        mut exchange: Exchange,
        version: ApiVersion,
        method: Method,
        walk: Walk,
        items_key: Option<Box<str>>,
        id_key: Box<str>,
    ) -> Self {
        exchange.begin();
        Self { exchange, version, method, walk, items_key, id_key, rows: 0 }
    }

    /// The next page, and what comes after it. A page whose last rows could not be read is given out with the others.
    async fn page<T: DeserializeOwned>(mut self: Box<Self>) -> (Result<Page<T>, Error>, State) {
        match self.read().await {
            Ok((page, Ok(true))) => (Ok(page), State::Next(Ok(self))),
            Ok((page, Ok(false))) => (Ok(page), State::Ended),
            Ok((page, Err(error))) if page.rows.is_empty() => (Err(error), State::Ended),
            Ok((page, Err(error))) => (Ok(page), State::Next(Err(error))),
            Err(error) => (Err(error.with_cursor(self.walk.cursor().cloned())), State::Ended),
        }
    }

    /// A page, and whether there is another one.
    async fn read<T: DeserializeOwned>(&mut self) -> Result<(Page<T>, Result<bool, Error>), Error> {
        let request = RestRequest::new(self.version, self.method.clone(), self.walk.request()?);
        let request = request.with_options(self.exchange.options().clone());
        let about = |error: Error| error.with_request(&request);
        let response = self.exchange.send(request.clone()).await?;
        let told = |error: Error| about(error.with_status(response.status()).with_attempts(response.attempts()));
        let Bucket { mut rows, ids, unfit, .. } =
            bucket::read(response.result(), self.items_key.as_deref(), &self.id_key, self.rows).map_err(told)?;
        let page = Told { print: print(response.result()), next: response.next(), total: response.total() };
        let Verdict { keep, more } = self.walk.accept(&ids, &page, unfit.is_some());
        if let Some(keep) = keep {
            let mut keep = keep.into_iter();
            rows.retain(|_| keep.next().unwrap_or(true));
        }
        let first = self.rows;
        self.rows += u64::try_from(rows.len()).unwrap_or_default();
        let cursor = self.walk.cursor().cloned();
        let told = |error: Error| told(error).with_cursor(cursor.clone());
        let more = match unfit {
            Some(unfit) => Err(told(unfit)),
            None => more.map_err(told),
        };
        let page = Page { rows, first, cursor, total: response.total(), time: response.time().cloned() };
        Ok((page, more))
    }
}

/// The same number for the same rows.
fn print(result: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    result.hash(&mut hasher);
    hasher.finish()
}
