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
}

impl Exchange {
    /// Of an action that somebody waits for.
    pub(crate) fn new(client: &Client) -> Self {
        Self { stack: client.stack(), options: CallOptions::default(), priority: Priority::Interactive }
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
        let mut options = std::mem::take(&mut self.options);
        if options.given_priority().is_none() {
            options = options.with_priority(self.priority);
        }
        if options.request_id().is_none() {
            let mut buffer = uuid::Uuid::encode_buffer();
            options = options.with_request_id(uuid::Uuid::new_v4().hyphenated().encode_lower(&mut buffer));
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
        self.take_time(took.unwrap_or_default());
        outcome.map_err(|error| error.with_request(&request))
    }

    /// Takes time off what the whole action has, and gives what is left.
    pub(crate) fn take_time(&mut self, spent: Duration) -> Option<Duration> {
        let left = self.options.deadline()?.saturating_sub(spent);
        self.options = std::mem::take(&mut self.options).with_deadline(left);
        Some(left)
    }

    /// How much time has been taken off since so much was left.
    pub(crate) fn spent_since(&self, left: Option<Duration>) -> Duration {
        let since = left.zip(self.options.deadline()).map(|(before, now)| before.saturating_sub(now));
        since.unwrap_or_default()
    }
}
