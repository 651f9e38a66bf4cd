//! What an action of several calls sends them with.

use std::time::Duration;

use b24_core::{CallOptions, Error, Priority, RestRequest, RestResponse};
use tower::{ServiceExt, util::BoxCloneSyncService};

use crate::Client;

/// The stack, and the options that all calls of one action share: one request id, one deadline.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    stack: BoxCloneSyncService<RestRequest, RestResponse, Error>,
    options: CallOptions,
    /// Where the options name none.
    priority: Priority,
    spent: Duration,
}

impl Exchange {
    /// Of an action that somebody waits for.
    pub(crate) fn new(client: &Client) -> Self {
        let (stack, options) = (client.stack(), CallOptions::default());
        Self { stack, options, priority: Priority::Interactive, spent: Duration::ZERO }
    }

    /// Of much work: it lets others pass unless the options say otherwise.
    pub(crate) fn of_bulk(client: &Client) -> Self {
        Self { priority: Priority::Bulk, ..Self::new(client) }
    }

    pub(crate) fn options(&self) -> &CallOptions {
        &self.options
    }

    pub(crate) fn set_options(&mut self, options: CallOptions) {
        self.options = options;
    }

    /// Gives the action its request id and its priority, unless it has them.
    pub(crate) fn begin(&mut self) {
        let mut options = with_request_id(std::mem::take(&mut self.options));
        if options.given_priority().is_none() {
            options = options.with_priority(self.priority);
        }
        self.options = options;
    }

    /// Sends a call, and takes what it took off the time that the whole action has.
    pub(crate) async fn send(&mut self, request: RestRequest) -> Result<RestResponse, Error> {
        let outcome = self.stack.clone().oneshot(request.clone()).await;
        let took = match &outcome {
            Ok(response) => response.took().or(response.round_trip()),
            Err(error) => error.took(),
        };
        self.spend(took.unwrap_or_default());
        outcome.map_err(|error| error.with_request(&request))
    }

    /// Takes time off what the whole action has.
    pub(crate) fn spend(&mut self, time: Duration) {
        self.spent += time;
        if let Some(left) = self.options.deadline() {
            self.options = std::mem::take(&mut self.options).with_deadline(left.saturating_sub(time));
        }
    }

    /// How much time its calls took so far.
    pub(crate) fn spent(&self) -> Duration {
        self.spent
    }
}

/// The id by which all calls of an action are known: the caller's, or a new one.
pub(crate) fn with_request_id(options: CallOptions) -> CallOptions {
    if options.request_id().is_some() {
        return options;
    }
    let mut buffer = uuid::Uuid::encode_buffer();
    options.with_request_id(uuid::Uuid::new_v4().hyphenated().encode_lower(&mut buffer))
}
