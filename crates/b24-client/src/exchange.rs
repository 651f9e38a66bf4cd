//! What an action of several calls sends them with.

use std::time::Duration;

use b24_core::{CallOptions, Error, RestRequest, RestResponse};
use tower::{ServiceExt, util::BoxCloneSyncService};

use crate::Client;

/// The stack, and the options that all calls of one action share: one request id, one deadline.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    stack: BoxCloneSyncService<RestRequest, RestResponse, Error>,
    options: CallOptions,
}

impl Exchange {
    pub(crate) fn new(client: &Client) -> Self {
        Self { stack: client.stack(), options: CallOptions::default() }
    }

    pub(crate) fn options(&self) -> &CallOptions {
        &self.options
    }

    pub(crate) fn set_options(&mut self, options: CallOptions) {
        self.options = options;
    }

    /// Gives the action its request id, unless it has one.
    pub(crate) fn begin(&mut self) {
        if self.options.request_id().is_none() {
            let mut buffer = uuid::Uuid::encode_buffer();
            let id = uuid::Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
            self.options = std::mem::take(&mut self.options).with_request_id(id);
        }
    }

    pub(crate) async fn send(&self, request: RestRequest) -> Result<RestResponse, Error> {
        self.stack.clone().oneshot(request).await
    }

    /// Counts what a call took of the time that the whole action has.
    pub(crate) fn spend(&mut self, response: &RestResponse) {
        self.take_time(response.took().unwrap_or_default());
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
