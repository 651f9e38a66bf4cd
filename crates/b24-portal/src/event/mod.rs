//! What the portal tells others: handlers, the offline queue, robots, and the letters that go out.
//!
//! Nothing here sends anything. [`engine`](crate::engine) decides who is told what; `sender` carries it.
//!
//! <https://apidocs.bitrix24.com/api-reference/events/index.html>

pub(crate) mod catalog;
mod fault;
mod handlers;
pub(crate) mod letter;
mod offline;
mod outbox;
mod outgoing;
mod robot;
mod webhook;

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

pub use fault::EventFault;
pub(crate) use handlers::{Handler, Handlers, Kind};
pub(crate) use offline::{OfflineQueue, Owner, Row};
pub(crate) use outbox::Outbox;
pub(crate) use outgoing::DeliveryLog;
pub use outgoing::{DeliveryFate, EventDelivery, OutgoingEvent};
pub(crate) use robot::Robots;
pub use robot::{RobotAnswer, RobotCall};
pub use webhook::OutgoingWebhook;

use crate::config::{Config, Dialect};
use crate::engine::Caller;
use crate::value::{self, Array, Value};

/// What can be chosen about events.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// The events and the address of each.
    pub(crate) webhooks: Vec<(Vec<String>, String)>,
    /// Whether the plan has `clear=0` and `auth_connector`.
    pub(crate) extended: bool,
    pub(crate) retries: Retries,
}

/// How often an event is sent again that was not answered with 2xx, and after which pause.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Retries {
    pub(crate) times: u32,
    pub(crate) pause: Duration,
}

impl Default for Setting {
    fn default() -> Self {
        Self { webhooks: Vec::new(), extended: true, retries: Retries::default() }
    }
}

/// What the methods of the portal know of events.
#[derive(Debug)]
pub(crate) struct Events {
    pub(crate) extended: bool,
    pub(crate) dialect: Dialect,
    pub(crate) handlers: Handlers,
    pub(crate) offline: OfflineQueue,
    pub(crate) robots: Robots,
    pub(crate) webhooks: Vec<OutgoingWebhook>,
    /// Where applications without a page hear that they are installed, by client id.
    pub(crate) addresses: HashMap<String, String>,
    happened: Vec<Happening>,
}

/// Something that happened on the portal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happening {
    pub(crate) name: String,
    pub(crate) data: Array,
    pub(crate) cause: Cause,
    /// The only application that hears of it; everybody where there is none.
    pub(crate) only: Option<String>,
}

/// What brought something about.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Cause {
    pub(crate) user: Option<i64>,
    /// The application whose call it was.
    pub(crate) client: Option<String>,
    pub(crate) connector: String,
    /// How many events led to it, one through the other.
    pub(crate) hops: u32,
}

impl Cause {
    pub(crate) fn user(user: Option<i64>) -> Self {
        Self { user, ..Self::default() }
    }

    fn call(caller: &Caller) -> Self {
        Self {
            user: Some(caller.user),
            client: caller.client().map(str::to_owned),
            connector: caller.connector.clone(),
            hops: caller.hops.saturating_add(1),
        }
    }
}

impl Events {
    pub(crate) fn new(config: &Config) -> Self {
        let address = |app: &crate::oauth::Application| Some((app.client_id.clone(), app.handler_url.clone()?));
        Self {
            extended: config.event.extended,
            dialect: config.dialect,
            handlers: Handlers::default(),
            offline: OfflineQueue::new(config.seed),
            robots: Robots::new(config.seed),
            webhooks: Vec::new(),
            addresses: config.applications.iter().filter_map(address).collect(),
            happened: Vec::new(),
        }
    }

    /// Notes what a call has brought about. The same thing twice in one request is told once.
    pub(crate) fn note(&mut self, caller: &Caller, name: impl Into<String>, data: Array) {
        self.note_for(caller, name.into(), data, None);
    }

    /// Notes what concerns one application alone.
    pub(crate) fn note_for(&mut self, caller: &Caller, name: String, data: Array, only: Option<String>) {
        let happening = Happening { name, data, cause: Cause::call(caller), only };
        if !self.happened.contains(&happening) {
            self.happened.push(happening);
        }
    }

    pub(crate) fn take_happened(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happened)
    }

    /// Forgets all that an application has set up.
    pub(crate) fn forget(&mut self, client: &str) {
        self.handlers.forget(client);
        self.offline.forget(client);
    }
}

/// The names of events as the portal has them.
pub(crate) fn upper<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Vec<String> {
    names.into_iter().map(|name| name.as_ref().to_uppercase()).collect()
}

/// A caller's value as the portal keeps values. What is no JSON is nothing.
pub(crate) fn read(value: &impl Serialize) -> Value {
    serde_json::to_vec(value).ok().and_then(|json| value::from_slice(&json)).unwrap_or(Value::Null)
}
