//! Who waits for what.

use b24_core::keys;
use futures_channel::{mpsc, oneshot};
use serde_json::Value;

use crate::protocol::InvalidPayload;

type Payload = Result<Value, InvalidPayload>;

/// Those who wait, by the keys of their commands, of which there is one each. A page asks for a few things at a time.
#[derive(Default)]
pub(super) struct Waiters(Vec<(String, Waiter)>);

/// Somebody who is to be told.
pub(super) enum Waiter {
    /// For one answer.
    Once(oneshot::Sender<Payload>),
    /// For each event.
    Always(mpsc::UnboundedSender<Value>),
}

impl Waiters {
    pub(super) fn wait(&mut self, key: &str) -> oneshot::Receiver<Payload> {
        let (sender, receiver) = oneshot::channel();
        self.0.push((key.to_owned(), Waiter::Once(sender)));
        receiver
    }

    pub(super) fn listen(&mut self, key: &str, sender: mpsc::UnboundedSender<Value>) {
        self.0.push((key.to_owned(), Waiter::Always(sender)));
    }

    /// Who is told of an answer to `key`. Who waits for one answer is not told of a second.
    pub(super) fn find(&mut self, key: &str) -> Option<Waiter> {
        match &self.0.get(self.place(key)?)?.1 {
            Waiter::Always(sender) => Some(Waiter::Always(sender.clone())),
            Waiter::Once(_) => self.remove(key),
        }
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Waiter> {
        let place = self.place(key)?;
        Some(self.0.swap_remove(place).1)
    }

    fn place(&self, key: &str) -> Option<usize> {
        self.0.iter().position(|(known, _)| known == key)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Waiter {
    pub(super) fn tell(self, payload: Payload) {
        match (self, payload) {
            // Who has given up meanwhile needs no answer.
            (Self::Once(sender), payload) => drop(sender.send(payload)),
            (Self::Always(sender), Ok(event)) => drop(sender.unbounded_send(event)),
            (Self::Always(_), Err(invalid)) => {
                tracing::warn!(target: keys::TARGET_FRAME, "an event of the portal's page was dropped: {invalid}");
            }
        }
    }
}
