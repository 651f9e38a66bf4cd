//! The rows of a bulk as a stream.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{
    Stream, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use serde::de::DeserializeOwned;

use super::{BulkRow, LostChunk, cut::Cutter, piece};
use crate::exchange::Exchange;

/// The rows of a [`Bulk`](super::Bulk), in order. An error is a request that failed as a whole: the stream ends after it
/// when errors halt, and goes on with the next batch when they do not.
#[must_use = "streams do nothing unless polled"]
pub struct BulkRows<'a, T> {
    rows: BoxStream<'a, Result<BulkRow<T>, LostChunk>>,
}

impl<'a, T: DeserializeOwned + Send + 'a> BulkRows<'a, T> {
    pub(super) fn new(
        exchange: Exchange,
        cutter: Cutter<'a>,
        until: BoxFuture<'a, ()>,
        halt: bool,
        concurrency: usize,
    ) -> Self {
        let state = Arc::new(Mutex::new(State { halted: false, spent: Duration::ZERO }));
        let version = cutter.version();
        let shared = Arc::clone(&state);
        let pieces = stream::unfold((cutter, shared), |(mut cutter, shared)| async move {
            if lock(&shared).halted {
                return None;
            }
            let piece = cutter.next().await?;
            Some((piece, (cutter, shared)))
        });
        // A piece that is not complete yet is dropped with what it has gathered.
        let sent = pieces.take_until(until).map(move |piece| {
            let (mut exchange, state) = (exchange.clone(), Arc::clone(&state));
            async move {
                exchange.spend(lock(&state).spent);
                let piece::Done { rows, lost } = piece::send(&mut exchange, version, piece, halt).await;
                // A result that does not fit its type is a failure, too.
                let rows: Vec<_> = rows.into_iter().map(BulkRow::decode).collect();
                let failed = lost.is_some() || rows.iter().any(|row| !row.outcome.is_done());
                let mut state = lock(&state);
                state.halted |= (halt && failed) || exchange.options().deadline().is_some_and(|left| left.is_zero());
                state.spent = state.spent.max(exchange.spent());
                (rows, lost)
            }
        });
        let rows = sent.buffered(concurrency).flat_map(|(rows, lost)| {
            let rows: Vec<_> = rows.into_iter().map(Ok).chain(lost.map(Err)).collect();
            stream::iter(rows)
        });
        Self { rows: rows.boxed() }
    }
}

/// What the pieces tell each other.
struct State {
    /// No further piece may begin.
    halted: bool,
    /// How much of the time for the whole is gone, as far as the calls themselves tell.
    spent: Duration,
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> BulkRows<'_, T> {
    /// The next row: `None` after the last one. The same as `StreamExt::next`, for programs that use nothing else of
    /// streams.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<BulkRow<T>, LostChunk>> {
        StreamExt::next(self).await
    }
}

impl<T> Stream for BulkRows<'_, T> {
    type Item = Result<BulkRow<T>, LostChunk>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.rows.poll_next_unpin(cx)
    }
}

impl<T> fmt::Debug for BulkRows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkRows").finish_non_exhaustive()
    }
}
