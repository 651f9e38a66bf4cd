//! Which events the portal sends, and where to: `event.bind`, `event.unbind`, `event.get`.
//!
//! An installation binds what the application needs, and does so with each version: an update of an application removes its
//! handlers. [`ensure`] can be called any number of times.
//!
//! ```no_run
//! use b24_core::Error;
//! use b24_events::{RestService, binding::{self, Binding}};
//!
//! async fn install<S: RestService>(b24: S) -> Result<(), Error> {
//!     let handler = "https://app.example.com/events";
//!     binding::ensure(b24, &[
//!         Binding::online("ONCRMDEALADD", handler),
//!         Binding::offline("ONCRMDEALUPDATE"),
//!         // Rings when there are offline events, at most every five seconds.
//!         Binding::online("ONOFFLINEEVENT", handler).with_option("minTimeout", 5),
//!     ]).await?;
//!     Ok(())
//! }
//! ```
//!
//! All of it takes the credentials of an application: portals answer `WRONG_AUTH_TYPE` with status 403 to webhooks. Offline
//! events, events of other users and [`unbind`] take an administrator's.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/events/event-bind.html>

use b24_core::{Error, Fields, Safety, de};
use serde::{Deserialize, Deserializer};

use crate::{RestService, rest::call};

/// One event that the portal sends to one address, or keeps for the application to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    event: String,
    /// None for offline events.
    handler: Option<String>,
    user: u64,
    connector: Option<String>,
    options: Vec<(String, i64)>,
}

impl Binding {
    /// The portal sends the event to this address when it happens. It has to be one that the portal can reach, with `https`
    /// or `http` and a dot in its host.
    #[must_use]
    pub fn online(event: &str, handler: impl Into<String>) -> Self {
        Self { handler: Some(handler.into()), ..Self::offline(event) }
    }

    /// The portal keeps the event until [`OfflineEvents`](crate::OfflineEvents) fetches it.
    #[must_use]
    pub fn offline(event: &str) -> Self {
        // They are kept in capital letters.
        Self { event: event.to_ascii_uppercase(), handler: None, user: 0, connector: None, options: Vec::new() }
    }

    /// The user whose tokens come with an online event. Default: the one whose action it was; for a user who is no
    /// administrator always that user.
    #[must_use]
    pub fn with_user(mut self, id: u64) -> Self {
        self.user = id;
        self
    }

    /// The queue that an offline event goes into, of which the application has one for each key. Fetch from it with
    /// [the same key](crate::offline::OfflineEventsBuilder::auth_connector), and add it to writes that are not to come back.
    #[must_use]
    pub fn with_auth_connector(mut self, key: impl Into<String>) -> Self {
        self.connector = Some(key.into());
        self
    }

    /// A setting of this event: `ONOFFLINEEVENT` has `minTimeout`, the least time between two of it, in seconds. Handlers
    /// that are bound already keep theirs.
    #[must_use]
    pub fn with_option(mut self, name: &str, value: i64) -> Self {
        self.options.push((name.to_owned(), value));
        self
    }

    /// The name of the event, in capital letters.
    #[must_use]
    pub fn event(&self) -> &str {
        &self.event
    }

    /// Where it is sent; `None` for an offline event.
    #[must_use]
    pub fn handler(&self) -> Option<&str> {
        self.handler.as_deref()
    }

    /// The user whose tokens come with it, where it is one and the same.
    #[must_use]
    pub fn user(&self) -> Option<u64> {
        Some(self.user).filter(|user| *user != 0)
    }

    /// The queue it goes into; `None` for the one without a key. Portals do not tell it of online events.
    #[must_use]
    pub fn auth_connector(&self) -> Option<&str> {
        self.connector.as_deref()
    }

    /// Whether the portal keeps it to be fetched.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.handler.is_none()
    }

    /// Whether a portal that lists `bound` need not be asked to bind this one. What the list does not tell is asked for.
    fn is_told_by(&self, bound: &Self) -> bool {
        let same_queue = if self.is_offline() { self.connector == bound.connector } else { self.connector.is_none() };
        same_queue && (&self.event, &self.handler, self.user) == (&bound.event, &bound.handler, bound.user)
    }

    fn params(&self) -> Fields {
        let params = Fields::new().set("event", &self.event);
        let params = match &self.handler {
            Some(handler) => params.set("event_type", "online").set("handler", handler),
            None => params.set("event_type", "offline"),
        };
        // Never said as 0: to bind, it is what the portal does anyway, and to unbind it means those without a user only.
        params.set_opt("auth_type", self.user()).set_opt("auth_connector", self.auth_connector())
    }
}

/// Binds an event. Whether it was bound already is told by the result: `false`, and no error.
///
/// # Errors
/// `ERROR_EVENT_NOT_FOUND` for an event that does not exist or that the application's scope does not include;
/// `ERROR_WRONG_HANDLER_URL`, `ERROR_UNSUPPORTED_PROTOCOL` for an address the portal does not call; `ACCESS_DENIED` with
/// status 403 where an administrator is needed; whatever the stack gives. Binding again is safe.
///
/// # Cancel safety
/// Dropped, it may have been bound.
pub async fn bind<S: RestService>(service: S, binding: &Binding) -> Result<bool, Error> {
    let mut params = binding.params();
    if !binding.options.is_empty() {
        let options = binding.options.iter().fold(Fields::new(), |all, (name, value)| all.set(name.as_str(), value));
        params = params.set("options", options);
    }
    match call::<_, Done>(service, "event.bind", &params, Safety::Idempotent).await {
        Ok(reply) if reply.result.0 => Ok(true),
        Ok(_) => Err(Error::decode("the portal did not bind the event and did not say why")),
        Err(error) if is_bound_already(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes handlers of an event from an address, or an offline event from a queue, and says how many there were: 0 is no
/// error. Without a user, the handlers of all users are removed.
///
/// # Errors
/// Whatever the stack gives. Unbinding again is safe; when an answer was lost on the way, the number may be less than it
/// was.
///
/// # Cancel safety
/// Dropped, they may have been removed.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/events/event-unbind.html>
pub async fn unbind<S: RestService>(service: S, binding: &Binding) -> Result<u64, Error> {
    let reply = call::<_, Removed>(service, "event.unbind", &binding.params(), Safety::Idempotent).await?;
    Ok(reply.result.count.unwrap_or_default())
}

/// All handlers of the application; for a user who is no administrator, that user's.
///
/// # Errors
/// Whatever the stack gives.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/events/event-get.html>
pub async fn bound<S: RestService>(service: S) -> Result<Vec<Binding>, Error> {
    let reply = call::<_, Bound>(service, "event.get", &Fields::new(), Safety::Idempotent).await?;
    Ok(reply.result.0.into_iter().map(Binding::from).collect())
}

/// Binds those that are not bound yet, and gives them back. Others that are bound stay bound: compare with [`bound`] to find
/// those that an earlier version has left.
///
/// One request, and one more for each that is missing.
///
/// # Errors
/// The first of [`bind`] or [`bound`]; those before it are bound. Calling it again is safe.
///
/// # Cancel safety
/// Dropped, some may be bound.
pub async fn ensure<S: RestService>(service: S, bindings: &[Binding]) -> Result<Vec<Binding>, Error> {
    let there = bound(service.clone()).await?;
    let mut added = Vec::new();
    for binding in bindings {
        if !there.iter().any(|bound| binding.is_told_by(bound)) && bind(service.clone(), binding).await? {
            added.push(binding.clone());
        }
    }
    Ok(added)
}

/// Portals say `ERROR_CORE` and, behind other words, `Handler already binded`; other sources know a code of its own.
/// `ERROR_CORE` has many other meanings, one of them that the handler is being bound at this moment.
fn is_bound_already(error: &Error) -> bool {
    let Some(refusal) = error.rest() else { return false };
    let said = refusal.message().to_ascii_lowercase();
    refusal.code().eq_ignore_ascii_case("ERROR_EVENT_BINDING_EXISTS")
        || refusal.code().eq_ignore_ascii_case("ERROR_CORE") && ALREADY.iter().any(|words| said.contains(words))
}

const ALREADY: [&str; 2] = ["already binded", "already bound"];

#[derive(Deserialize)]
struct Done(#[serde(deserialize_with = "de::flag")] bool);

#[derive(Deserialize)]
struct Removed {
    #[serde(default, deserialize_with = "de::number_or_none")]
    count: Option<u64>,
}

#[derive(Deserialize)]
struct Bound(#[serde(deserialize_with = "de::php_list")] Vec<Row>);

#[derive(Deserialize)]
struct Row {
    event: String,
    #[serde(default, deserialize_with = "text")]
    handler: Option<String>,
    #[serde(default, deserialize_with = "de::number_or_none")]
    auth_type: Option<u64>,
    #[serde(default, deserialize_with = "de::flag")]
    offline: bool,
    #[serde(default, deserialize_with = "text")]
    connector_id: Option<String>,
}

impl From<Row> for Binding {
    fn from(row: Row) -> Self {
        let handler = row.handler.filter(|_| !row.offline);
        let user = row.auth_type.unwrap_or_default();
        Self { handler, user, connector: row.connector_id, ..Self::offline(&row.event) }
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(de::text_or_none(deserializer)?.filter(|text| !text.is_empty()).map(String::from))
}
