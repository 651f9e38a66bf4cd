//! What has come since a value, by the cursor of v3.

use std::{fmt, marker::PhantomData};

use b24_core::{ApiVersion, CallOptions, Cursor, Direction, Error, Method, Params};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    DEFAULT_LIMIT,
    pages::{Pages, Source},
    params::Entries,
    rows::Rows,
    walk::Walk,
};
use crate::{Client, exchange::Exchange};

/// The rows that stand after a value, by the cursor of a v3 method whose name ends in `.tail`; nothing is sent until they
/// are asked for.
///
/// It ends where the portal has no more rows; the [`cursor`](super::Page::cursor) of the last page is where the next tail
/// begins. The field must be unique: of rows that share a value, those beyond the end of a page are passed over.
///
/// ```no_run
/// # async fn example(b24: &b24_client::Client, kept: u64) -> Result<(), b24_core::Error> {
/// use futures_util::TryStreamExt;
/// use serde_json::{Value, json};
///
/// let news = b24.v3().tail::<Value>("main.eventlog.tail").params(json!({ "select": ["id", "auditType"] }));
/// let mut pages = news.begin_after(kept).pages();
/// while let Some(page) = pages.try_next().await? {
///     println!("{} entries, up to {:?}", page.rows.len(), page.cursor);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
#[must_use = "a tail does nothing until its rows are asked for"]
pub struct Tail<T> {
    exchange: Exchange,
    method: Result<Method, Error>,
    params: Result<Params, Error>,
    items_key: Box<str>,
    field: Box<str>,
    direction: Direction,
    limit: u16,
    begin: Option<Cursor>,
    exhaustive: bool,
    prefetch: usize,
    row: PhantomData<fn() -> T>,
}

impl<T> Tail<T> {
    pub(crate) fn new(client: &Client, method: &str) -> Self {
        Self {
            exchange: Exchange::of_bulk(client),
            method: Method::new(method),
            params: Ok(Params::empty()),
            items_key: "items".into(),
            field: "id".into(),
            direction: Direction::Asc,
            limit: DEFAULT_LIMIT,
            begin: None,
            exhaustive: false,
            prefetch: 0,
            row: PhantomData,
        }
    }

    /// The parameters: anything that becomes a JSON object. The field of the cursor is added to a `select`, and may not
    /// stand in the `filter`.
    pub fn params<P: Serialize>(mut self, params: P) -> Self {
        self.params = Params::object(&params);
        self
    }

    /// Under which key of the result the rows are. Default: `items`.
    pub fn items_key(mut self, key: &str) -> Self {
        self.items_key = key.into();
        self
    }

    /// The field of the cursor. Default: `id`.
    pub fn cursor_field(mut self, field: &str) -> Self {
        self.field = field.into();
        self
    }

    /// The value after which it begins. Default: 0.
    pub fn begin_after(mut self, value: impl Into<Cursor>) -> Self {
        self.begin = Some(value.into());
        self
    }

    /// Downwards, from below the value of [`begin_after`](Self::begin_after), which is needed then.
    pub fn descending(mut self) -> Self {
        self.direction = Direction::Desc;
        self
    }

    /// How many rows a page may have, 1 to 1000. Default: 50.
    pub fn page_size(mut self, rows: u16) -> Self {
        self.limit = rows;
        self
    }

    /// Goes on until a page is empty.
    pub fn exhaustive(mut self) -> Self {
        self.exhaustive = true;
        self
    }

    /// How many pages are read ahead; see [`List::prefetch`](super::List::prefetch).
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.prefetch = pages;
        self
    }

    /// The options of each call. The request id is the same for all pages, and the deadline is that of the whole.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.exchange.set_options(options);
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> Tail<T> {
    /// All rows at once.
    ///
    /// # Errors
    /// See [`rows`](Self::rows). The rows before the failure are dropped.
    ///
    /// # Cancel safety
    /// Dropping the future gives the tail up; reading does no harm.
    pub async fn collect(self) -> Result<Vec<T>, Error> {
        self.pages().collect_rows().await
    }

    /// The rows one by one, as a stream.
    ///
    /// # Errors
    /// The first error is the last item. Before sending, beside parameters that make no sense:
    /// [`SdkCode::TailDescNeedsInitialValue`](b24_core::SdkCode::TailDescNeedsInitialValue), and
    /// [`SdkCode::InvalidFilter`](b24_core::SdkCode::InvalidFilter) for a filter on the field of the cursor. After: as
    /// [`List::rows`](super::List::rows).
    pub fn rows(self) -> Rows<T> {
        Rows::new(self.pages())
    }

    /// The rows page by page, as a stream.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub fn pages(self) -> Pages<T> {
        let prefetch = self.prefetch;
        Pages::new(self.source(), prefetch)
    }

    fn source(self) -> Result<Source, Error> {
        let params = Entries::of(&self.params?);
        let walk = Walk::tail(params, &self.field, self.direction, self.limit, self.begin, self.exhaustive)?;
        Ok(Source::new(self.exchange, ApiVersion::V3, self.method?, walk, Some(self.items_key), self.field))
    }
}

impl<T> fmt::Debug for Tail<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tail")
            .field("method", &self.method)
            .field("params", &self.params)
            .field("field", &self.field)
            .field("begin", &self.begin)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}
