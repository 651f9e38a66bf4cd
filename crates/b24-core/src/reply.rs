//! What a successful call brings home.

use std::{sync::Arc, time::Duration};

use crate::Time;

/// A successful answer, its payload decoded into `T`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The payload.
    pub result: T,
    /// The portal's account of the time it took; not every answer has one.
    pub time: Option<Time>,
    /// v2 lists: the `start` of the next page; absent on the last one.
    pub next: Option<u64>,
    /// v2 lists: how many rows there are in all. With `start: -1` the portal does not count and says 0 or nothing, so
    /// 0 does not mean empty.
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/performance/huge-data.html>
    pub total: Option<u64>,
    /// How long the send took that brought this answer, from the request to the last byte: no waits for limits, no
    /// earlier sends. `None` where the stack does not measure it.
    pub round_trip: Option<Duration>,
    /// The id the call is known by in the portal's log and ours.
    pub request_id: Option<Arc<str>>,
}

impl<T> Reply<T> {
    /// A reply that holds a payload and nothing else.
    #[must_use]
    pub fn new(result: T) -> Self {
        Self { result, time: None, next: None, total: None, round_trip: None, request_id: None }
    }

    /// The same reply with another payload.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        let Self { result, time, next, total, round_trip, request_id } = self;
        Reply { result: change(result), time, next, total, round_trip, request_id }
    }
}
