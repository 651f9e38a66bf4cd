//! Who wants to hear of which event.

use std::time::Duration;

/// A handler that an application has bound to an event.
#[derive(Clone, Debug)]
pub(crate) struct Handler {
    pub(crate) id: i64,
    pub(crate) client: String,
    pub(crate) event: String,
    pub(crate) kind: Kind,
    pub(crate) connector: String,
    /// The shortest time between two letters; only `ONOFFLINEEVENT` has one.
    pub(crate) min_timeout: Option<i64>,
    /// When it was told last.
    told: Option<Duration>,
}

/// How a handler hears of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// At an address, as this user; as the one behind the event where it is 0.
    Online { url: String, user: i64 },
    /// By asking the queue.
    Offline,
}

/// All handlers, in the order they were bound.
#[derive(Debug)]
pub(crate) struct Handlers {
    all: Vec<Handler>,
    next: i64,
}

/// The first ids belong to the letters about installing and removing an application.
const FIRST: i64 = 3;

impl Default for Handlers {
    fn default() -> Self {
        Self { all: Vec::new(), next: FIRST }
    }
}

impl Handlers {
    /// A number for a handler.
    pub(crate) fn number(&mut self) -> i64 {
        self.next += 1;
        self.next - 1
    }

    /// Binds a handler; false when it is bound already.
    pub(crate) fn bind(
        &mut self,
        client: &str,
        event: &str,
        kind: Kind,
        connector: &str,
        min_timeout: Option<i64>,
    ) -> bool {
        let same = |bound: &Handler| {
            (bound.client.as_str(), bound.event.as_str(), &bound.kind, bound.connector.as_str())
                == (client, event, &kind, connector)
        };
        if self.all.iter().any(same) {
            return false;
        }
        let (client, event, connector) = (client.to_owned(), event.to_owned(), connector.to_owned());
        let id = self.number();
        self.all.push(Handler { id, client, event, kind, connector, min_timeout, told: None });
        true
    }

    /// Removes those handlers of an application that `chosen` names; tells how many.
    pub(crate) fn unbind(&mut self, client: &str, chosen: impl Fn(&Handler) -> bool) -> usize {
        let before = self.all.len();
        self.all.retain(|handler| handler.client != client || !chosen(handler));
        before - self.all.len()
    }

    pub(crate) fn forget(&mut self, client: &str) {
        self.all.retain(|handler| handler.client != client);
    }

    pub(crate) fn of_client<'a>(&'a self, client: &'a str) -> impl Iterator<Item = &'a Handler> {
        self.all.iter().filter(move |handler| handler.client == client)
    }

    pub(crate) fn of_event<'a>(&'a self, event: &'a str) -> impl Iterator<Item = &'a Handler> {
        self.all.iter().filter(move |handler| handler.event == event)
    }

    /// The handlers of `ONOFFLINEEVENT` of this application whose time is up; from now on it is not.
    pub(crate) fn ring(&mut self, now: Duration, client: &str) -> Vec<Handler> {
        let mut due = Vec::new();
        for handler in self.all.iter_mut().filter(|handler| handler.client == client) {
            let pause = u64::try_from(handler.min_timeout.unwrap_or(1)).unwrap_or_default();
            let is_due = handler.told.is_none_or(|told| now >= told.saturating_add(Duration::from_secs(pause)));
            if handler.event == "ONOFFLINEEVENT" && is_due {
                handler.told = Some(now);
                due.push(handler.clone());
            }
        }
        due
    }
}
