//! Who sends, as they say themselves.

use std::{collections::BTreeMap, fmt};

use b24_core::Secret;
use serde_json::{Map, Value};

use super::field;

/// The `auth[…]` of a delivery: who sends it, and tokens to call the portal with.
///
/// Which fields are there depends on the sender. An outgoing webhook brings its application token, and no tokens for calls;
/// nor does an event that no user is behind. `refresh_token` comes with installation, update, test, renewal of a
/// subscription, the doorbell of offline events, and calls of robots. A field with an empty text counts as absent.
///
/// `Debug` shows the names of fields that are known and the number of others, and no value.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/events/index.html>
#[derive(Clone, Default)]
pub struct EventAuth {
    fields: BTreeMap<Box<str>, Secret>,
}

impl EventAuth {
    /// Numbers and booleans are taken as text; what is no scalar is left out.
    pub(super) fn of(value: Option<Value>) -> Self {
        match value {
            Some(Value::Object(fields)) => Self::of_fields(fields),
            _ => Self::default(),
        }
    }

    pub(super) fn of_fields(fields: Map<String, Value>) -> Self {
        let secret = |(name, value): (String, Value)| Some((name.into(), Secret::from(field::into_text(value)?)));
        Self { fields: fields.into_iter().filter_map(secret).collect() }
    }

    pub(super) fn with(mut self, name: &str, text: Option<String>) -> Self {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.fields.insert(name.into(), text.into());
        }
        self
    }

    /// A field by its name on the wire, such as `expires`.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Secret> {
        self.fields.get(name)
    }

    /// The fields that portals send, as far as they are there, by their names. What else there is, nobody can know.
    pub fn known_fields(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        NAMES.iter().filter_map(|name| Some((*name, self.field(name)?)))
    }

    /// The token that shows the sender to be a portal where the application is installed, or its webhook.
    #[must_use]
    pub fn application_token(&self) -> Option<&Secret> {
        self.field("application_token")
    }

    /// The token to call the portal with.
    #[must_use]
    pub fn access_token(&self) -> Option<&Secret> {
        self.field("access_token")
    }

    /// The token to renew the access token with.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.field("refresh_token")
    }

    /// The portal's own id, which stays when its address changes.
    #[must_use]
    pub fn member_id(&self) -> Option<&str> {
        self.open("member_id")
    }

    /// The portal's address without a scheme, such as `example.bitrix24.com`.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.open("domain")
    }

    /// Where the portal is called, such as `https://example.bitrix24.com/rest/`.
    #[must_use]
    pub fn client_endpoint(&self) -> Option<&str> {
        self.open("client_endpoint")
    }

    /// Where the authorisation server is called, such as `https://oauth.bitrix.info/rest/`.
    #[must_use]
    pub fn server_endpoint(&self) -> Option<&str> {
        self.open("server_endpoint")
    }

    /// The letter of the application's status, such as `L` for a local one.
    #[must_use]
    pub fn status(&self) -> Option<&str> {
        self.open("status")
    }

    /// The user whose doing it was, and whose rights the tokens have.
    #[must_use]
    pub fn user_id(&self) -> Option<u64> {
        self.open("user_id")?.parse().ok().filter(|id| *id != 0)
    }

    /// How long the access token lives from when it was made, in seconds.
    #[must_use]
    pub fn expires_in(&self) -> Option<u64> {
        self.open("expires_in")?.parse().ok()
    }

    /// What the tokens may do. Portals put commas or spaces between the names.
    pub fn scope(&self) -> impl Iterator<Item = &str> {
        self.open("scope").unwrap_or_default().split([',', ' ']).filter(|name| !name.is_empty())
    }

    fn open(&self, name: &str) -> Option<&str> {
        self.field(name).map(Secret::expose)
    }
}

impl fmt::Debug for EventAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Only names that are known: whoever sends could write a token into a name, or fill a log with it.
        let known: Vec<_> = self.known_fields().map(|(name, _)| name).collect();
        let more = self.fields.len() - known.len();
        let mut shown = f.debug_set();
        shown.entries(known);
        if more > 0 {
            shown.entry(&format_args!("{more} more"));
        }
        shown.finish()
    }
}

/// What portals send.
const NAMES: &[&str] = &[
    "access_token",
    "application_token",
    "client_endpoint",
    "client_id",
    "domain",
    "expires",
    "expires_in",
    "member_id",
    "refresh_token",
    "scope",
    "server_endpoint",
    "status",
    "user_id",
];
