//! What a conversation has to say.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use futures_channel::mpsc;
use futures_util::stream::{Stream, StreamExt};

use crate::protocol::Outgoing;

/// What a [`Conversation`](super::Conversation) has to say: a stream of messages, each to be posted to the portal's
/// origin and to no other. It ends when the conversation is given up, or the last handle on it is gone.
pub struct Outbox(mpsc::UnboundedReceiver<Outgoing>);

impl Outbox {
    pub(super) fn new(messages: mpsc::UnboundedReceiver<Outgoing>) -> Self {
        Self(messages)
    }

    /// The next message.
    ///
    /// # Cancel safety
    /// Dropping it loses no message.
    pub async fn next(&mut self) -> Option<Outgoing> {
        self.0.next().await
    }
}

impl Stream for Outbox {
    type Item = Outgoing;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Outgoing>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}
