//! Outgoing webhooks: events to an address, without any application.

use std::fmt;

/// An outgoing webhook of the portal.
///
/// Each has a token of its own, by which its handler tells the portal from strangers. `Debug` does not show it.
///
/// Source: <https://apidocs.bitrix24.com/local-integrations/local-webhooks.html>
#[derive(Clone)]
pub struct OutgoingWebhook {
    pub(crate) id: i64,
    pub(crate) events: Vec<String>,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl OutgoingWebhook {
    /// The events it is told of, in upper case.
    #[must_use]
    pub fn events(&self) -> &[String] {
        &self.events
    }

    /// Where its handler is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The `application_token` in its letters.
    #[must_use]
    pub fn application_token(&self) -> &str {
        &self.token
    }
}

impl fmt::Debug for OutgoingWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingWebhook").field("id", &self.id).field("events", &self.events).finish_non_exhaustive()
    }
}
