//! What happens on the portal's page.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures_channel::mpsc;
use futures_util::stream::{Stream, StreamExt};
use serde_json::Value;

use super::Conversation;

/// What happens on the portal's page: a stream that ends when the frame is given up. Dropping it ends the listening; what
/// has not been taken yet is kept without limit.
pub struct Events {
    events: mpsc::UnboundedReceiver<Value>,
    conversation: Conversation,
    key: String,
}

impl Events {
    pub(super) fn new(events: mpsc::UnboundedReceiver<Value>, conversation: Conversation, key: String) -> Self {
        Self { events, conversation, key }
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// The next one; `None` when the frame was given up.
    ///
    /// # Cancel safety
    /// Dropping it loses nothing.
    pub async fn next(&mut self) -> Option<Value> {
        self.events.next().await
    }
}

impl Stream for Events {
    type Item = Value;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Value>> {
        self.events.poll_next_unpin(cx)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.conversation.forget(&self.key);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("key", &self.key).finish_non_exhaustive()
    }
}
