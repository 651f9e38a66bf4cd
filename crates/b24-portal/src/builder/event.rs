//! What can be chosen about events.

use std::time::Duration;

use super::PortalBuilder;
use crate::event::{Retries, upper};

impl PortalBuilder {
    /// Adds an outgoing webhook, which is told of these events, such as `ONCRMDEALADD`, at this address.
    ///
    /// Each has a token of its own, made from the seed: [`Portal::outgoing_webhooks`](crate::Portal::outgoing_webhooks)
    /// gives it. [`Portal::outgoing_webhook`](crate::Portal::outgoing_webhook) adds one to a portal that runs.
    pub fn outgoing_webhook<S: AsRef<str>>(
        mut self,
        events: impl IntoIterator<Item = S>,
        url: impl Into<String>,
    ) -> Self {
        self.config.event.webhooks.push((upper(events), url.into()));
        self
    }

    /// Sets where the application added last, or the default one, hears that it is installed: without a
    /// [page](Self::application_page) it gets `ONAPPINSTALL` there. By default it is not told.
    ///
    /// All other events it has to bind to, with `event.bind`.
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/app-installation/index.html>
    pub fn application_handler(self, url: impl Into<String>) -> Self {
        let url = url.into();
        self.change(|app| app.handler_url = Some(url))
    }

    /// Whether the plan has the extended offline events; yes by default.
    ///
    /// Without them `event.offline.get` with `clear=0` and every call with an `auth_connector` are refused with
    /// `WRONG_LICENSE`.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/events/offline-events.html>
    pub fn extended_offline_events(mut self, has: bool) -> Self {
        self.config.event.extended = has;
        self
    }

    /// Sends a letter again, up to so many times, that was not answered with 2xx, each time after a pause on the portal's
    /// clock.
    ///
    /// Never by default: the documentation says that events are not repeated. Other pages of the vendor say that every
    /// answer but 2xx is, for up to 24 hours. A receiver has to live with both.
    pub fn event_retries(mut self, times: u32, pause: Duration) -> Self {
        self.config.event.retries = Retries { times, pause };
        self
    }
}
