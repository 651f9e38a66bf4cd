//! Any number of commands, in batches of 50.

mod cut;
mod lost;
mod piece;
mod report;
mod rows;

use b24_core::{ApiVersion, CallOptions, batch::Command};
use futures_util::{
    FutureExt, Stream, StreamExt,
    future::{BoxFuture, pending},
    stream::{self, BoxStream},
};
use serde::de::DeserializeOwned;

pub use lost::LostChunk;
pub use report::{BulkReport, BulkRow};
pub use rows::BulkRows;

use crate::{Client, exchange::Exchange};

/// Any number of commands, sent in batches of 50; nothing happens until its rows are asked for.
///
/// Commands are taken from their source as they are needed, so that memory does not grow with their number. Each row of
/// the outcome carries the absolute place of its command, from 0, and rows come in order.
///
/// ```no_run
/// # async fn example(b24: &b24_client::Client, ids: Vec<u64>) -> Result<(), Box<dyn std::error::Error>> {
/// use b24_core::batch::Outcome;
/// use futures_util::TryStreamExt;
/// use serde_json::json;
///
/// let close = ids.iter().map(|id| ("crm.deal.update", json!({ "id": id, "fields": { "CLOSED": "Y" } })));
/// let mut rows = b24.v2().bulk(close).halt_on_error(false).rows::<bool>();
/// while let Some(row) = rows.try_next().await? {
///     if let Outcome::Failed(error) = row.outcome {
///         println!("deal {}: {error}", ids[row.index]);
///     }
/// }
/// # Ok(())
/// # }
/// ```
///
/// What a v2 batch cannot carry (`null`, an empty list, text that the portal would take for a reference) is sent as a call
/// of its own, in its place among the others. A command that the portal refused for its limits did not run and is sent
/// again, in a batch with others of the kind. A batch that may have run is sent again only if all of its commands read.
///
/// Calls have the priority [`Bulk`](b24_core::Priority::Bulk) unless the options say otherwise.
#[must_use = "commands do nothing until their rows are asked for"]
pub struct Bulk<'a> {
    exchange: Exchange,
    version: ApiVersion,
    commands: BoxStream<'a, Command>,
    until: BoxFuture<'a, ()>,
    halt: bool,
    concurrency: usize,
}

impl<'a> Bulk<'a> {
    pub(crate) fn new<C>(
        client: &Client,
        version: ApiVersion,
        commands: impl IntoIterator<Item = C, IntoIter: Send + 'a>,
    ) -> Self
    where
        C: Into<Command> + 'a,
    {
        Self::from_stream(client, version, stream::iter(commands.into_iter().map(Into::into)))
    }

    pub(crate) fn from_stream(
        client: &Client,
        version: ApiVersion,
        commands: impl Stream<Item = Command> + Send + 'a,
    ) -> Self {
        Self {
            exchange: Exchange::of_bulk(client),
            version,
            commands: commands.boxed(),
            until: pending().boxed(),
            halt: true,
            concurrency: 4,
        }
    }

    /// Whether nothing is sent after the first command that failed, in this batch or a later one. Default: yes; batches go
    /// one after another then.
    pub fn halt_on_error(mut self, halt: bool) -> Self {
        self.halt = halt;
        self
    }

    /// How many batches may be under way when errors do not halt; 0 counts as 1. Default: 4.
    pub fn concurrency(mut self, batches: usize) -> Self {
        self.concurrency = batches.max(1);
        self
    }

    /// Ends early: once `end` is done, no batch begins any more. The rows of what is under way still come, and commands that
    /// were taken from their source and not sent yet are dropped.
    pub fn until(mut self, end: impl Future<Output = ()> + Send + 'a) -> Self {
        self.until = end.boxed();
        self
    }

    /// The options of each call. The request id is the same for all, and the deadline is that of the whole: it counts what
    /// the calls take, and not what happens between them. Nothing is sent any more when it is over.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.exchange.set_options(options);
        self
    }

    /// What becomes of each command, in order. With [`halt_on_error`](Self::halt_on_error) the rows end after those of the
    /// batch that failed: no later command has been sent.
    ///
    /// # Cancel safety
    /// Dropping the stream gives up what is under way, which the portal may have run.
    pub fn rows<T: DeserializeOwned + Send + 'a>(self) -> BulkRows<'a, T> {
        let Self { mut exchange, version, commands, until, halt, concurrency } = self;
        exchange.begin();
        let concurrency = if halt { 1 } else { concurrency };
        BulkRows::new(exchange, cut::Cutter::new(commands, version), until, halt, concurrency)
    }

    /// Runs all of them and keeps all rows, whatever happens.
    ///
    /// # Cancel safety
    /// As [`rows`](Self::rows).
    pub async fn collect<T: DeserializeOwned + Send + 'a>(self) -> BulkReport<T> {
        let mut report = BulkReport::default();
        let mut rows = self.rows();
        while let Some(row) = rows.next().await {
            report.add(row);
        }
        report
    }
}

impl std::fmt::Debug for Bulk<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bulk")
            .field("version", &self.version)
            .field("halt_on_error", &self.halt)
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
