//! Who is told of what happened, and in which words.

use std::time::Duration;

use super::Engine;
use crate::event::letter::{self, Letterhead, Tokens};
use crate::event::{
    Cause, EventFault, Handler, Happening, Kind, OutgoingEvent, OutgoingWebhook, Owner, RobotAnswer, RobotCall, catalog,
};
use crate::oauth::{Application, Installation, Pair};
use crate::rng::{self, Secret};
use crate::value::Array;

/// How many events may follow from one another before no more are sent.
///
/// <https://apidocs.bitrix24.com/api-reference/events/index.html>
const MAX_HOPS: u32 = 7;

impl Engine {
    /// The letters to be posted by now. Each is given once.
    pub fn take_deliveries(&mut self) -> Vec<OutgoingEvent> {
        self.outbox.take()
    }

    /// Queues a fault for a letter to come.
    pub fn event_fault(&mut self, fault: EventFault) {
        self.outbox.fault(fault);
    }

    /// Gives up waiting for something to overtake what is kept back.
    pub(crate) fn let_deliveries_go(&mut self) {
        self.outbox.let_go();
    }

    /// Tells of what the methods of a request have brought about.
    pub(super) fn settle_events(&mut self, now: Duration) {
        let mut queued = Vec::new();
        for happening in self.world.events.take_happened() {
            self.tell(now, &happening, &mut queued);
        }
        self.ring(now, queued);
    }

    /// Lets an event happen; gives how many letters and rows of the offline queue came of it.
    pub(crate) fn happen(&mut self, now: Duration, name: &str, data: Array, user: Option<i64>) -> usize {
        let cause = Cause::user(user);
        let mut queued = Vec::new();
        let told = self.tell(now, &Happening { name: name.to_uppercase(), data, cause, only: None }, &mut queued);
        self.ring(now, queued);
        told
    }

    /// Tells everybody. Notes in `queued` the applications that find something new in their queue, each once.
    fn tell(&mut self, now: Duration, happening: &Happening, queued: &mut Vec<(String, Cause)>) -> usize {
        if happening.cause.hops > MAX_HOPS {
            return 0;
        }
        let mut told = if happening.only.is_none() { self.tell_webhooks(now, happening) } else { 0 };
        let handlers: Vec<Handler> = self.world.events.handlers.of_event(&happening.name).cloned().collect();
        for handler in handlers {
            if happening.only.as_ref().is_some_and(|only| *only != handler.client) || !self.hears(&handler.client) {
                continue;
            }
            match &handler.kind {
                Kind::Online { url, user } => told += self.write_to(now, &handler, url, *user, happening),
                Kind::Offline => {
                    // What an application does itself it need not hear of, unless it says that another part of it did.
                    let own = happening.cause.client.as_ref() == Some(&handler.client)
                        && happening.cause.connector == handler.connector;
                    if !own {
                        let at = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
                        let owner = Owner { client: handler.client.clone(), connector: handler.connector.clone() };
                        let (name, data) = (&happening.name, &happening.data);
                        self.world.events.offline.put(at, &owner, name, data, happening.cause.user);
                        told += 1;
                        if !queued.iter().any(|(client, _)| *client == handler.client) {
                            queued.push((handler.client, happening.cause.clone()));
                        }
                    }
                }
            }
        }
        told
    }

    /// Tells applications that there is something in their queues, if the time for it is up: once for a request at most,
    /// whatever it has brought about.
    ///
    /// <https://apidocs.bitrix24.com/api-reference/events/on-offline-event.html>
    fn ring(&mut self, now: Duration, queued: Vec<(String, Cause)>) {
        for (client, cause) in queued {
            let handlers = self.world.events.handlers.ring(now, &client);
            let bell = Happening { name: "ONOFFLINEEVENT".to_owned(), data: Array::new(), cause, only: Some(client) };
            for handler in handlers {
                if let Kind::Online { url, user } = &handler.kind {
                    self.write_to(now, &handler, url, *user, &bell);
                }
            }
        }
    }

    fn tell_webhooks(&mut self, now: Duration, happening: &Happening) -> usize {
        let head = self.letterhead();
        let webhooks = self.world.events.webhooks.iter().filter(|webhook| webhook.events.contains(&happening.name));
        let mut told = 0;
        for webhook in webhooks {
            let auth = head.plain_auth(&webhook.token);
            let letter = letter::event(&happening.name, webhook.id, happening.data.clone(), now, auth);
            self.outbox.post(&happening.name, &webhook.url, &letter);
            told += 1;
        }
        told
    }

    /// Writes to a handler of an application, as its user or as the one behind the event.
    fn write_to(&mut self, now: Duration, handler: &Handler, url: &str, user: i64, happening: &Happening) -> usize {
        let user = if user > 0 { Some(user) } else { happening.cause.user };
        let refresh = catalog::brings_refresh(&happening.name);
        // An application that is not registered has no token to be recognised by.
        let Some(app) = self.ledger.application(&handler.client).cloned() else { return 0 };
        let pair =
            user.and_then(|user| self.ledger.lend(now, &app.client_id, user, happening.cause.hops, refresh).ok());
        let auth = self.letterhead().auth(&app, tokens(pair.as_ref(), refresh));
        let letter = letter::event(&happening.name, handler.id, happening.data.clone(), now, auth);
        self.outbox.post(&happening.name, url, &letter);
        1
    }

    /// Whether an application is told of events: it is there, done with its installation, and paid for.
    fn hears(&self, client: &str) -> bool {
        let standing = self.ledger.standing(client);
        standing.installed && !standing.unpaid
    }

    /// Installs an application for a user, and tells it unless its page has to finish that.
    pub(crate) fn install(&mut self, now: Duration, app: &Application, user: u32) -> Installation {
        let pair = self.ledger.install(now, &app.client_id, &app.scopes, user.into());
        let installation = self.installation(app, pair, user, now);
        if !app.has_page {
            let address = self.world.events.addresses.get(&app.client_id).cloned();
            if let Some(url) = &address {
                self.outbox.post("ONAPPINSTALL", url, &installation.event());
            }
            self.tell_installed(now, &app.client_id, user.into(), address.as_deref());
        }
        installation
    }

    /// A user opens the page of an application, where that may have tokens.
    pub(crate) fn open_page(&mut self, now: Duration, app: &Application, user: u32) -> Option<Installation> {
        let pair = self.ledger.open(now, &app.client_id, user.into()).ok()?;
        Some(self.installation(app, pair, user, now))
    }

    fn installation(&self, app: &Application, pair: Pair, user: u32, now: Duration) -> Installation {
        let of = (self.config.seed, user, now);
        Installation::new(app.clone(), pair, self.config.origins.clone(), self.config.member_id(), of)
    }

    /// The page of an application is done: from now on it hears of events, of this one first.
    pub(crate) fn finish_installation(&mut self, now: Duration, client: &str) {
        if self.ledger.finish(client) {
            self.tell_installed(now, client, self.config.signed_in, None);
        }
    }

    /// The applications that are there and not done with their installation.
    pub(super) fn unfinished(&self) -> Vec<String> {
        let clients = self.config.applications.iter().map(|app| &app.client_id);
        clients.filter(|client| !self.ledger.standing(client).installed).cloned().collect()
    }

    /// Tells those of these applications that are done by now.
    pub(super) fn note_finished(&mut self, now: Duration, unfinished: Vec<String>) {
        for client in unfinished {
            if self.ledger.standing(&client).installed {
                self.tell_installed(now, &client, self.config.signed_in, None);
            }
        }
    }

    /// Tells the handlers that are bound to `ONAPPINSTALL`, but none at an address that has heard it already.
    fn tell_installed(&mut self, now: Duration, client: &str, user: i64, told: Option<&str>) {
        let name = "ONAPPINSTALL";
        let happening = Happening {
            name: name.to_owned(),
            data: letter::installed(true),
            cause: Cause::user(Some(user)),
            only: Some(client.to_owned()),
        };
        let handlers: Vec<Handler> =
            self.world.events.handlers.of_event(name).filter(|handler| handler.client == client).cloned().collect();
        for handler in handlers {
            match &handler.kind {
                Kind::Online { url, user } if told != Some(url) => {
                    self.write_to(now, &handler, url, *user, &happening);
                }
                Kind::Online { .. } | Kind::Offline => {}
            }
        }
    }

    /// Removes an application, and with it its tokens, its handlers and its queue. It is told of it, without tokens.
    pub(crate) fn uninstall(&mut self, now: Duration, client: &str, clean: bool) {
        let name = "ONAPPUNINSTALL";
        if let (true, Some(app)) = (self.hears(client), self.ledger.application(client).cloned()) {
            let auth = self.letterhead().auth(&app, Tokens::None);
            let handlers = self.world.events.handlers.of_event(name).filter(|handler| handler.client == client);
            for handler in handlers {
                if let Kind::Online { url, .. } = &handler.kind {
                    let letter = letter::event(name, handler.id, letter::uninstalled(clean), now, auth.clone());
                    self.outbox.post(name, url, &letter);
                }
            }
        }
        self.ledger.uninstall(client);
        self.world.events.forget(client);
    }

    /// Sets where an application without a page hears that it is installed.
    pub(crate) fn set_address(&mut self, client: &str, url: String) {
        self.world.events.addresses.insert(client.to_owned(), url);
    }

    /// Adds an outgoing webhook with a token of its own.
    pub(crate) fn add_webhook(&mut self, events: Vec<String>, url: String) -> OutgoingWebhook {
        let id = self.world.events.handlers.number();
        let number = u64::try_from(self.world.events.webhooks.len()).unwrap_or_default();
        let token = rng::letters(self.config.seed, Secret::OutgoingWebhook, number, 32);
        let webhook = OutgoingWebhook { id, events, url, token };
        self.world.events.webhooks.push(webhook.clone());
        webhook
    }

    pub(crate) fn webhooks(&self) -> Vec<OutgoingWebhook> {
        self.world.events.webhooks.clone()
    }

    /// Calls a robot of an application; gives the token to answer with.
    pub(crate) fn run_robot(&mut self, now: Duration, app: &Application, url: &str, call: &RobotCall) -> String {
        let ticket = self.world.events.robots.start(now, call);
        let pair = self.ledger.lend(now, &app.client_id, call.user, 1, true).ok();
        let auth = self.letterhead().auth(app, tokens(pair.as_ref(), true));
        self.outbox.post(&call.code, url, &call.letter(&ticket, now, auth));
        ticket.token
    }

    pub(crate) fn robot_answers(&self) -> Vec<RobotAnswer> {
        self.world.events.robots.answers()
    }

    fn letterhead(&self) -> Letterhead {
        Letterhead { origins: self.config.origins.clone(), member_id: self.config.member_id() }
    }
}

fn tokens(pair: Option<&Pair>, refresh: bool) -> Tokens<'_> {
    match pair {
        None => Tokens::None,
        Some(pair) if refresh => Tokens::Both(pair),
        Some(pair) => Tokens::Access(pair),
    }
}
