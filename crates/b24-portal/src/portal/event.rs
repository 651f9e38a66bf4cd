//! Events of the portal: what happens, who is told, and what became of it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde::Serialize;
use tower_service::Service;

use super::Portal;
use crate::event::{EventDelivery, EventFault, OutgoingWebhook, RobotAnswer, RobotCall, read, upper};
use crate::sender::ByService;
use crate::value::Value;

impl Portal {
    /// Lets an event happen that no user is behind, such as one of an import or of a robot.
    ///
    /// `data` is anything that serialises to a JSON object: `json!({"FIELDS": {"ID": 5}})`. Outgoing webhooks and handlers
    /// that are bound to this name get a letter, those that are bound offline a row in their queue. Returns how many.
    ///
    /// The letters are sent in the background, up to 32 at a time, in no order that can be relied on:
    /// [`deliveries_done`](Self::deliveries_done) waits for them. Without a user behind it, a letter to an application has
    /// tokens only where its handler was bound with an `auth_type`.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/events/index.html>
    pub fn fire_event(&self, name: &str, data: impl Serialize) -> usize {
        self.happen(name, &data, None)
    }

    /// Lets an event happen that this user is behind: the handlers of applications get tokens of hers.
    pub fn fire_event_as(&self, user_id: u32, name: &str, data: impl Serialize) -> usize {
        self.happen(name, &data, Some(user_id.into()))
    }

    fn happen(&self, name: &str, data: &impl Serialize, user: Option<i64>) -> usize {
        let data = match read(data) {
            Value::Array(data) => data,
            _ => crate::value::Array::new(),
        };
        let told = self.shared.engine().happen(self.shared.clock.now(), name, data, user);
        self.shared.dispatch();
        told
    }

    /// Adds an outgoing webhook, which is told of these events, such as `ONCRMDEALADD`, at this address.
    ///
    /// As [`PortalBuilder::outgoing_webhook`](crate::PortalBuilder::outgoing_webhook), for addresses that are known only
    /// when the portal runs.
    pub fn outgoing_webhook<S: AsRef<str>>(
        &self,
        events: impl IntoIterator<Item = S>,
        url: impl Into<String>,
    ) -> OutgoingWebhook {
        self.shared.engine().add_webhook(upper(events), url.into())
    }

    /// The outgoing webhooks, in the order they were added.
    #[must_use]
    pub fn outgoing_webhooks(&self) -> Vec<OutgoingWebhook> {
        self.shared.engine().webhooks()
    }

    /// Sets where the first application, which has no page, hears that it is [installed](Self::install).
    ///
    /// As [`PortalBuilder::application_handler`](crate::PortalBuilder::application_handler), for addresses that are known
    /// only when the portal runs.
    pub fn application_handler(&self, url: impl Into<String>) {
        self.shared.engine().set_address(self.application().client_id(), url.into());
    }

    /// Runs a robot of the first application, whose handler is at this address. Returns the token to answer with.
    ///
    /// The run is in [`deliveries`](Self::deliveries) under the robot's code. What the application answers by
    /// `bizproc.event.send` is in [`robot_answers`](Self::robot_answers).
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/index.html>
    pub fn run_robot(&self, url: &str, call: &RobotCall) -> String {
        let now = self.shared.clock.now();
        let token = self.shared.engine().run_robot(now, self.application(), url, call);
        self.shared.dispatch();
        token
    }

    /// What applications answered to runs of their robots, oldest first. Each run takes one answer.
    #[must_use]
    pub fn robot_answers(&self) -> Vec<RobotAnswer> {
        self.shared.engine().robot_answers()
    }

    /// Queues a fault for a letter to come. [`clear_faults`](Self::clear_faults) forgets these as well.
    pub fn event_fault(&self, fault: EventFault) {
        self.shared.engine().event_fault(fault);
    }

    /// Hands all letters to a service from now on, whatever their address, in place of sockets.
    ///
    /// Each letter gets a clone of it. On a paused clock this is the way: sockets take no part in that.
    pub fn deliver_to<S, B>(&self, service: S)
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>> + Clone + Send + 'static,
        S::Error: fmt::Display,
        S::Future: Send + 'static,
        B: Send + 'static,
    {
        self.shared.sender.deliver_to(Arc::new(ByService::new(service)));
    }

    /// The letters to handlers so far, in the order they were sent, and how each was answered. Each attempt is one.
    ///
    /// As many are kept as requests: [`keep_requests`](crate::PortalBuilder::keep_requests).
    /// [`clear_requests`](Self::clear_requests) forgets them too.
    #[must_use]
    pub fn deliveries(&self) -> Vec<EventDelivery> {
        self.shared.sender.log()
    }

    /// Waits until no letter is under way any more, those included that are late and those that are sent again.
    ///
    /// What waits to be overtaken goes now.
    ///
    /// # Cancel safety
    /// Letters go on their way whether or not anybody waits.
    pub async fn deliveries_done(&self) {
        self.shared.engine().let_deliveries_go();
        self.shared.dispatch();
        self.shared.sender.idle().await;
    }
}
