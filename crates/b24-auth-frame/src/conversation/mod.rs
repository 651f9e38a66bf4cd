//! Talking with the portal's page: commands go out, answers find those who wait for them.
//!
//! It knows no browser. What it wants to say comes out of the [`Outbox`], and what arrives is put into
//! [`Conversation::receive`].

mod events;
mod outbox;
mod waiters;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use b24_core::keys;
use futures_channel::mpsc;
use futures_util::future::{Either, select};
use serde_json::Value;

pub use events::Events;
pub use outbox::Outbox;
use waiters::Waiters;

use crate::{
    FrameError,
    protocol::{Answers, Command, FrameName, Incoming, Origin, OriginRule, Outgoing, Payload},
};

/// A conversation with the portal's page. Clones share it.
#[derive(Clone)]
pub struct Conversation(Arc<Inner>);

/// A handle that does not keep a [`Conversation`] alive: for whoever carries messages to it.
#[derive(Clone)]
pub struct WeakConversation(Weak<Inner>);

struct Inner {
    name: FrameName,
    state: Mutex<State>,
}

struct State {
    /// `None` when it was given up.
    outbox: Option<mpsc::UnboundedSender<Outgoing>>,
    waiters: Waiters,
    origins: OriginRule,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Delivery {
    /// The page has answered.
    Answered(Value),
    /// It was posted; the page has not answered yet, and may never do so.
    Posted,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Received {
    /// Somebody has waited for it.
    Delivered,
    /// Nobody waits for it: an answer that came twice or too late, or something else altogether. Dropped.
    Unknown,
    /// It came from another origin than the portal's. Dropped.
    Foreign,
}

impl Conversation {
    /// A conversation with the page that has opened the frame of this name, and what it has to say.
    #[must_use]
    pub fn new(name: FrameName) -> (Self, Outbox) {
        let (sender, outbox) = mpsc::unbounded();
        let origins = OriginRule::new(name.portal().to_string());
        let state = State { outbox: Some(sender), waiters: Waiters::default(), origins };
        (Self(Arc::new(Inner { name, state: Mutex::new(state) })), Outbox::new(outbox))
    }

    /// The portal, and what it calls the application.
    #[must_use]
    pub fn name(&self) -> &FrameName {
        &self.0.name
    }

    /// A handle that does not keep it alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakConversation {
        WeakConversation(Arc::downgrade(&self.0))
    }

    /// Takes a message that arrived, as text, from `origin`. What is no text is none of the page's: leave it out.
    pub fn receive(&self, origin: &str, text: &str) -> Received {
        let judged = self.state().origins.judge(origin);
        match judged {
            Origin::Portal => {}
            Origin::New => {
                tracing::warn!(
                    target: keys::TARGET_FRAME,
                    { { keys::ORIGIN } = ?origin },
                    "a message of a foreign origin was dropped"
                );
                return Received::Foreign;
            }
            Origin::Known => return Received::Foreign,
        }
        let Some(incoming) = Incoming::parse(text) else { return Received::Unknown };
        // The lock is let go of before anybody is told: a waker may come back here.
        let waiter = self.state().waiters.find(incoming.key());
        match waiter {
            None => Received::Unknown,
            Some(waiter) => {
                waiter.tell(incoming.into_payload());
                Received::Delivered
            }
        }
    }

    /// Sends a command and waits for its answer, as long as its [`Answers::patience`] is.
    ///
    /// # Errors
    /// [`FrameError::NoAnswer`], [`FrameError::BadAnswer`] when the answer is no JSON, [`FrameError::Destroyed`].
    ///
    /// # Cancel safety
    /// Dropping it before its first poll sends nothing, and later gives the answer up.
    pub async fn ask(&self, command: &Command, payload: Payload) -> Result<Value, FrameError> {
        let waited = command.answers().patience();
        match self.exchange(command, payload, waited).await? {
            Delivery::Answered(answer) => Ok(answer),
            Delivery::Posted => Err(FrameError::NoAnswer { command: command.clone(), waited }),
        }
    }

    /// Sends a command that may never be answered, and waits 900 ms for an answer.
    ///
    /// # Errors
    /// [`FrameError::BadAnswer`] when the answer is no JSON, [`FrameError::Destroyed`].
    ///
    /// # Cancel safety
    /// As [`ask`](Self::ask).
    pub async fn post(&self, command: &Command, payload: Payload) -> Result<Delivery, FrameError> {
        self.exchange(command, payload, Answers::Maybe.patience()).await
    }

    /// Sends a command whose answer nobody waits for.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub fn tell(&self, command: &Command, payload: Payload) -> Result<(), FrameError> {
        self.state().send(command, payload, &new_key(), &self.0.name)
    }

    /// Sends a command that is answered each time something happens.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub fn events(&self, command: &Command, payload: Payload) -> Result<Events, FrameError> {
        let key = new_key();
        let (sender, receiver) = mpsc::unbounded();
        let mut state = self.state();
        state.send(command, payload, &key, &self.0.name)?;
        state.waiters.listen(&key, sender);
        Ok(Events::new(receiver, self.clone(), key))
    }

    /// Gives the conversation up: who waits for an answer gets [`FrameError::Destroyed`], events end, and nothing is sent
    /// or heard any more.
    pub fn destroy(&self) {
        let (waiters, outbox) = {
            let mut state = self.state();
            (std::mem::take(&mut state.waiters), state.outbox.take())
        };
        // Outside of the lock, for the same reason as in `receive`.
        drop((waiters, outbox));
    }

    /// Whether it was given up.
    #[must_use]
    pub fn is_destroyed(&self) -> bool {
        self.state().outbox.is_none()
    }

    async fn exchange(&self, command: &Command, payload: Payload, wait: Duration) -> Result<Delivery, FrameError> {
        let key = new_key();
        let answer = {
            let mut state = self.state();
            state.send(command, payload, &key, &self.0.name)?;
            state.waiters.wait(&key)
        };
        // Whatever ends the wait, nothing of it stays behind.
        let _forget = Forget { conversation: self, key: &key };
        match select(answer, std::pin::pin!(b24_timer::sleep(wait))).await {
            Either::Left((Ok(Ok(answer)), _)) => Ok(Delivery::Answered(answer)),
            Either::Left((Ok(Err(invalid)), _)) => Err(FrameError::bad_answer(command, invalid.to_string())),
            Either::Left((Err(_), _)) => Err(FrameError::Destroyed),
            Either::Right(_) => Ok(Delivery::Posted),
        }
    }

    fn forget(&self, key: &str) {
        let forgotten = self.state().waiters.remove(key);
        drop(forgotten);
    }

    /// No panic can leave it half changed: nothing under the lock panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiters.len()
    }
}

impl WeakConversation {
    /// The conversation, if somebody still needs it.
    #[must_use]
    pub fn upgrade(&self) -> Option<Conversation> {
        self.0.upgrade().map(Conversation)
    }
}

impl fmt::Debug for WeakConversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakConversation").finish_non_exhaustive()
    }
}

impl State {
    fn send(&self, command: &Command, payload: Payload, key: &str, name: &FrameName) -> Result<(), FrameError> {
        let outbox = self.outbox.as_ref().ok_or(FrameError::Destroyed)?;
        tracing::debug!(target: keys::TARGET_FRAME, { { keys::COMMAND } = command.as_str() }, "posted");
        outbox.unbounded_send(Outgoing::new(command, payload, key, name.app_sid())).map_err(|_| FrameError::Destroyed)
    }
}

/// Takes a key out when the wait for it ends.
struct Forget<'a> {
    conversation: &'a Conversation,
    key: &'a str,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.conversation.forget(self.key);
    }
}

fn new_key() -> String {
    uuid::Uuid::new_v4().to_string()
}

impl fmt::Debug for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conversation").field("name", &self.0.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
