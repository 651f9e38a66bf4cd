//! The calls on one queue, and what makes each of them safe to repeat, or not.

use std::{collections::BTreeMap, sync::Arc};

use b24_core::{CallOptions, Error, Fields, Order, Priority, RetryOnNetworkError, Safety, de};
use serde::{Deserialize, de::IgnoredAny};

use super::OfflineEvent;
use crate::{
    RestService,
    rest::{call, call_with},
};

/// One queue of an application: there is one for each `auth_connector`.
#[derive(Clone)]
pub(super) struct Queue<S> {
    pub(super) service: S,
    pub(super) connector: Option<Arc<str>>,
    /// The events that were reported as failed, in place of the others.
    pub(super) failed: bool,
}

/// What is asked for.
#[derive(Clone)]
pub(super) struct Query {
    pub(super) event: Option<String>,
    pub(super) order: Option<Order>,
    pub(super) limit: u32,
    pub(super) delete: bool,
}

#[derive(Deserialize)]
pub(super) struct Page {
    #[serde(default, deserialize_with = "de::text_or_none")]
    pub(super) process_id: Option<Box<str>>,
    #[serde(default, deserialize_with = "de::php_list")]
    pub(super) events: Vec<OfflineEvent>,
}

/// Events that are reserved and not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reservation {
    /// Under which they are reserved.
    pub process_id: String,
    /// How many there are.
    pub events: usize,
}

impl<S: RestService> Queue<S> {
    /// Takes the next events: reserves them under an id that the portal draws, or deletes them.
    ///
    /// Never safe to repeat, whatever the stack thinks of repeats: each call takes other events, and what a lost answer held
    /// was taken all the same. That an id
    /// of our own cannot be given is a fact of the portal: with a `process_id` it takes nothing new and only reads again.
    pub(super) async fn take(self, query: Query) -> Result<Page, Error> {
        let filter = query.event.map(|event| Fields::new().set("=EVENT_NAME", event));
        let params = Fields::new()
            .set("clear", u8::from(query.delete))
            .set_opt("filter", filter)
            .set_opt("order", query.order)
            .set("limit", query.limit);
        self.get(
            params,
            CallOptions::default()
                .with_safety(Safety::NotIdempotent)
                .with_retry_on_network_error(RetryOnNetworkError::Never),
        )
        .await
    }

    /// Reads again what is reserved under an id, after a row, by id. Changes nothing. `clear` has to be said here too: the
    /// portal's own choice would delete what it reads.
    pub(super) async fn read_again(self, process_id: &str, after: Option<u64>, limit: u32) -> Result<Page, Error> {
        let params = Fields::new()
            .set("clear", 0)
            .set("process_id", process_id)
            .set_opt("filter", after.map(|id| Fields::new().set(">ID", id)))
            .set("order", Order::new().asc("ID"))
            .set("limit", limit);
        self.get(params, CallOptions::default().with_safety(Safety::Idempotent)).await
    }

    async fn get(self, params: Fields, options: CallOptions) -> Result<Page, Error> {
        let params = self.with_connector(params.set("error", u8::from(self.failed)));
        let options = options.with_priority(Priority::Bulk);
        Ok(call_with(self.service, "event.offline.get", &params, options).await?.result)
    }

    /// Deletes these rows of a reservation. No ids would mean all of them, those included that nobody has read, so nothing is
    /// sent then. Idempotent: the id of the reservation is never used again.
    pub(super) async fn clear(self, process_id: &str, ids: Vec<u64>) -> Result<(), Error> {
        if ids.is_empty() {
            return Ok(());
        }
        // One of `id` and `message_id` only: which of them wins is told differently by the page and the portal.
        let params = self.with_connector(Fields::new().set("process_id", process_id).set("id", ids));
        call::<_, IgnoredAny>(self.service, "event.offline.clear", &params, Safety::Idempotent).await.map(drop)
    }

    /// Gives rows of a reservation back, marked as failed. Idempotent: it touches rows that are not marked yet.
    pub(super) async fn fail(self, process_id: &str, message_ids: Vec<String>) -> Result<(), Error> {
        if message_ids.is_empty() {
            return Ok(());
        }
        let params = self.with_connector(Fields::new().set("process_id", process_id).set("message_id", message_ids));
        call::<_, IgnoredAny>(self.service, "event.offline.error", &params, Safety::Idempotent).await.map(drop)
    }

    /// Everything that is reserved, oldest rows first. Changes nothing.
    pub(super) async fn reservations(self) -> Result<Vec<Reservation>, Error> {
        let mut found: Vec<Reservation> = Vec::new();
        let mut places = BTreeMap::<Box<str>, usize>::new();
        let mut last = 0;
        loop {
            let filter = Fields::new().set(">ID", last).set(">PROCESS_ID", "").set("=ERROR", u8::from(self.failed));
            let params = self.with_connector(Fields::new().set("filter", filter).set("order", Order::new().asc("ID")));
            let options = CallOptions::default().with_safety(Safety::Idempotent).with_priority(Priority::Bulk);
            let rows: Listed = call_with(self.service.clone(), "event.offline.list", &params, options).await?.result;
            let Some(end) = rows.0.iter().map(|row| row.id).max().filter(|end| *end > last) else { return Ok(found) };
            last = end;
            for process_id in rows.0.into_iter().filter_map(|row| row.process_id).filter(|id| !id.is_empty()) {
                let place = *places.entry(process_id.clone()).or_insert(found.len());
                match found.get_mut(place) {
                    Some(known) => known.events += 1,
                    None => found.push(Reservation { process_id: process_id.into(), events: 1 }),
                }
            }
        }
    }

    fn with_connector(&self, params: Fields) -> Fields {
        params.set_opt("auth_connector", self.connector.as_deref())
    }
}

#[derive(Deserialize)]
struct Listed(#[serde(deserialize_with = "de::php_list")] Vec<ListedRow>);

#[derive(Deserialize)]
struct ListedRow {
    #[serde(rename = "ID", deserialize_with = "de::number")]
    id: u64,
    #[serde(rename = "PROCESS_ID", default, deserialize_with = "de::text_or_none")]
    process_id: Option<Box<str>>,
}
