//! All rows of a method that gives them in pages.

mod advance;
mod bucket;
mod pages;
mod params;
mod profile;
mod row_id;
mod rows;
mod tail;
mod walk;
mod watch;

use std::{fmt, marker::PhantomData};

use b24_core::{ApiVersion, CallOptions, Cursor, Direction, Error, Method, Params, SdkCode};
use serde::{Serialize, de::DeserializeOwned};

pub use pages::{Page, Pages};
pub use rows::Rows;
pub use tail::Tail;

use self::{
    pages::Source,
    params::{Entries, Entry},
    profile::Profile,
    walk::Walk,
};
use crate::{Client, exchange::Exchange};

/// All rows of a method that gives them in pages; nothing is sent until they are asked for.
///
/// A list goes from page to page by the id of the last row, without letting the portal count: `order` and paging are its
/// own, and the caller's filter goes with every page. It ends, or it fails; it never goes round, and never passes a part
/// off as the whole. Rows are read one by one into `T`.
///
/// ```no_run
/// # async fn example(b24: &b24_client::Client) -> Result<(), b24_core::Error> {
/// use futures_util::TryStreamExt;
/// use serde::Deserialize;
/// use serde_json::json;
///
/// #[derive(Deserialize)]
/// struct Deal {
///     id: u64,
///     title: String,
/// }
///
/// let deals = b24
///     .v2()
///     .list::<Deal>("crm.item.list")
///     .params(json!({ "entityTypeId": 2, "select": ["id", "title"], "filter": { ">=opportunity": 1000 } }));
/// let mut rows = deals.rows();
/// while let Some(deal) = rows.try_next().await? {
///     println!("{}: {}", deal.id, deal.title);
/// }
/// # Ok(())
/// # }
/// ```
///
/// Where the rows of a method are and how their id is spelled is known of the usual methods. Others need to be told, by
/// [`id_key`](Self::id_key), [`items_key`](Self::items_key) and [`cursor_key`](Self::cursor_key).
///
/// # The end of a list
/// A portal does not say that a page is the last one: it is taken for that when it is shorter than pages of this portal
/// are (50 rows on v2). Families that filter by rights after they have read a page may give short pages in between:
/// [`exhaustive`](Self::exhaustive) goes on until a page is empty.
///
/// # Going on after a failure
/// Every error carries the [`cursor`](Error::cursor) of the last row that was given out. Keep it, and hand it to
/// [`resume_after`](Self::resume_after).
///
/// Calls have the priority [`Bulk`](b24_core::Priority::Bulk) unless the options say otherwise.
///
/// Source: <https://apidocs.bitrix24.com/settings/performance/huge-data.html>
#[must_use = "a list does nothing until its rows are asked for"]
pub struct List<T> {
    exchange: Exchange,
    version: ApiVersion,
    method: Result<Method, Error>,
    params: Result<Params, Error>,
    overrides: Vec<(&'static str, Result<Params, Error>)>,
    keys: Keys,
    direction: Direction,
    limit: Option<u16>,
    by_offset: bool,
    exhaustive: bool,
    prefetch: usize,
    resume: Option<Cursor>,
    row: PhantomData<fn() -> T>,
}

/// What the caller says of the method.
#[derive(Clone, Debug, Default)]
struct Keys {
    items: Option<Box<str>>,
    items_at_result: bool,
    id: Option<Box<str>>,
    cursor: Option<Box<str>>,
}

impl<T> List<T> {
    pub(crate) fn new(client: &Client, version: ApiVersion, method: &str) -> Self {
        Self {
            exchange: Exchange::of_bulk(client),
            version,
            method: Method::new(method),
            params: Ok(Params::empty()),
            overrides: Vec::new(),
            keys: Keys::default(),
            direction: Direction::Asc,
            limit: None,
            by_offset: false,
            exhaustive: false,
            prefetch: 0,
            resume: None,
            row: PhantomData,
        }
    }

    /// The parameters: anything that becomes a JSON object. `order` and paging in them are replaced. A bound of the filter
    /// on the id (`">ID": 100`) is where the list begins.
    pub fn params<P: Serialize>(mut self, params: P) -> Self {
        self.params = Params::object(&params);
        self
    }

    /// The parameter `filter`: of `b24_core::filter`, or any JSON of the same form.
    pub fn filter<F: Serialize>(self, filter: F) -> Self {
        self.set("filter", filter)
    }

    /// The parameter `select`. The id is added to it, by which the list goes on; among [`params`](Self::params) it is not.
    pub fn select<I: IntoIterator<Item = F>, F: AsRef<str>>(self, fields: I) -> Self {
        let fields: Vec<_> = fields.into_iter().map(|field| field.as_ref().to_owned()).collect();
        self.set(SELECT, fields)
    }

    fn set<V: Serialize>(mut self, key: &'static str, value: V) -> Self {
        // As the one entry of an object: what cannot be written shows there.
        self.overrides.push((key, Params::object(&Entry(key, value))));
        self
    }

    /// Under which key of the result the rows are. Default: known of the method; for one that is not known, the result
    /// itself is the list.
    pub fn items_key(mut self, key: &str) -> Self {
        self.keys.items = Some(key.into());
        self
    }

    /// The result itself is the list of rows, whatever is known of the method.
    pub fn items_at_result(mut self) -> Self {
        self.keys.items_at_result = true;
        self
    }

    /// How the id is called in a row. Default: known of the method.
    pub fn id_key(mut self, key: &str) -> Self {
        self.keys.id = Some(key.into());
        self
    }

    /// How the id is called in filter and order. Default: known of the method, else as in a row.
    pub fn cursor_key(mut self, key: &str) -> Self {
        self.keys.cursor = Some(key.into());
        self
    }

    /// From the highest id to the lowest. Default: upwards.
    pub fn descending(mut self) -> Self {
        self.direction = Direction::Desc;
        self
    }

    /// v3: how many rows a page may have, 1 to 1000; portals cap it without saying so. Default: 50. Pages of v2 have 50.
    pub fn page_size(mut self, rows: u16) -> Self {
        self.limit = Some(rows);
        self
    }

    /// v2: goes by `start` and `next` instead of by id, for methods whose rows have no id or whose filter does not take
    /// it. The portal counts for each page, and rows that are added or deleted meanwhile can be missed: rows that come
    /// twice are given out once. The caller's `order` stays.
    pub fn by_offset(mut self) -> Self {
        self.by_offset = true;
        self
    }

    /// Goes on until a page is empty: one request more, and the end is proved.
    pub fn exhaustive(mut self) -> Self {
        self.exhaustive = true;
        self
    }

    /// How many pages are read ahead of the one that is asked for. Default: 0. Only what is polled makes progress: the
    /// request for the next page is sent before a page is given out, and its answer is waited for when it is needed.
    pub fn prefetch(mut self, pages: usize) -> Self {
        self.prefetch = pages;
        self
    }

    /// Goes on after a row that was read before: the [`cursor`](Error::cursor) of an error, or of a [`Page`].
    pub fn resume_after(mut self, cursor: impl Into<Cursor>) -> Self {
        self.resume = Some(cursor.into());
        self
    }

    /// The options of each call. The request id is the same for all pages, and the deadline is that of the whole.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.exchange.set_options(options);
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> List<T> {
    /// All rows at once.
    ///
    /// # Errors
    /// See [`rows`](Self::rows). The rows before the failure are dropped: use [`pages`](Self::pages) to keep them.
    ///
    /// # Cancel safety
    /// Dropping the future gives the list up; reading does no harm.
    pub async fn collect(self) -> Result<Vec<T>, Error> {
        self.pages().collect_rows().await
    }

    /// The rows one by one, as a stream.
    ///
    /// # Errors
    /// The first error is the last item. Before sending: a method that is not known and whose keys are not given
    /// ([`SdkCode::ListKeysNeeded`]), parameters and filters that make no sense. After: what the portal refused;
    /// [`SdkCode::ItemsNotFound`]; [`SdkCode::CursorStalled`]; a row that is no `T`, with its number and the path in it.
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
        let method = self.method?;
        let keys = self.keys.with(self.version, &method, self.by_offset)?;
        let mut params = Entries::of(&self.params?);
        for (key, value) in self.overrides {
            let mut value = Entries::of(&value?).remove(key).unwrap_or_else(|| params::json(&()));
            if key == SELECT && !keys.by_offset {
                value = params::with_text(&value, &keys.cursor).unwrap_or(value);
            }
            params.take_in_any_case(key)?;
            params.set(key, value);
        }
        if self.resume.as_ref().is_some_and(|cursor| cursor.as_json() == "\"\"") {
            return Err(Error::usage(SdkCode::InvalidParams, "the cursor to resume after is empty"));
        }
        let walk = if self.version == ApiVersion::V3 {
            if self.by_offset {
                return Err(Error::usage(SdkCode::InvalidParams, "a v3 list goes by id: it has no offset"));
            }
            let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
            Walk::keyset3(params, &keys.cursor, self.direction, limit, self.resume, self.exhaustive)?
        } else if self.limit.is_some() {
            return Err(Error::usage(SdkCode::InvalidParams, "the page size of a v2 list is 50, and not to be chosen"));
        } else if keys.by_offset {
            if self.resume.is_some() || self.direction == Direction::Desc || self.exhaustive {
                let text = "a list by offset has no id to go by: it can neither resume nor run downwards";
                return Err(Error::usage(SdkCode::InvalidParams, text));
            }
            Walk::offset(params)?
        } else {
            Walk::keyset2(params, &keys.cursor, self.direction, self.resume, self.exhaustive)?
        };
        Ok(Source::new(self.exchange, self.version, method, walk, keys.items, keys.id))
    }
}

/// Where to look for rows and ids.
struct Resolved {
    items: Option<Box<str>>,
    id: Box<str>,
    cursor: Box<str>,
    by_offset: bool,
}

impl Keys {
    fn with(self, version: ApiVersion, method: &Method, by_offset: bool) -> Result<Resolved, Error> {
        let known = profile::find(version, method.as_str());
        let Self { items, items_at_result, id, cursor } = self;
        let Some(Profile { items: known_items, id: known_id, cursor: known_cursor, by_offset: known_offset }) = known
        else {
            let Some(id) = id.or_else(|| by_offset.then(|| "ID".into())) else {
                let text = format!(
                    "this SDK does not know the lists of `{method}`: say with id_key what the id is called in a row, and \
                     with items_key under which key of the result the rows are"
                );
                return Err(Error::usage(SdkCode::ListKeysNeeded, text));
            };
            return Ok(Resolved { items, cursor: cursor.unwrap_or_else(|| id.clone()), id, by_offset });
        };
        // Somebody who names a key of his own knows the method better than the table.
        let cursor = cursor.or_else(|| id.clone()).unwrap_or_else(|| known_cursor.into());
        Ok(Resolved {
            items: items.or_else(|| known_items.filter(|_| !items_at_result).map(Into::into)),
            by_offset: by_offset || (known_offset && id.is_none()),
            id: id.unwrap_or_else(|| known_id.unwrap_or_default().into()),
            cursor,
        })
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        // What is wrong with the method, or with the parameters: a clone has no source of its own.
        let bad_method = |error: &Error| Error::usage(SdkCode::InvalidMethod, error.message().to_owned());
        let again = |error: &Error| Error::usage(SdkCode::InvalidParams, error.message().to_owned());
        Self {
            exchange: self.exchange.clone(),
            version: self.version,
            method: self.method.as_ref().map_err(bad_method).cloned(),
            params: self.params.as_ref().map_err(again).cloned(),
            overrides: self
                .overrides
                .iter()
                .map(|(key, value)| (*key, value.as_ref().map_err(again).cloned()))
                .collect(),
            keys: self.keys.clone(),
            direction: self.direction,
            limit: self.limit,
            by_offset: self.by_offset,
            exhaustive: self.exhaustive,
            prefetch: self.prefetch,
            resume: self.resume.clone(),
            row: PhantomData,
        }
    }
}

impl<T> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("version", &self.version)
            .field("method", &self.method)
            .field("params", &self.params)
            .field("keys", &self.keys)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

const SELECT: &str = "select";
/// As many rows as a page of v3 has when nothing is said.
const DEFAULT_LIMIT: u16 = 50;
