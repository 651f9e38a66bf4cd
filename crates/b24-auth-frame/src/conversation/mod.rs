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
use futures_channel::{mpsc, oneshot};
use futures_util::future::{Either, select};
use serde_json::Value;

pub use events::Events;
pub use outbox::Outbox;
use waiters::Waiters;

use crate::{
    FrameError,
    protocol::{Answers, Command, FrameName, Incoming, InvalidPayload, Origin, OriginRule, Outgoing, Payload},
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
    outbox: Option<Sender>,
    waiters: Waiters,
    origins: OriginRule,
}

type Sender = mpsc::UnboundedSender<Outgoing>;

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
        let outbox = self.register(|_| ())?.0;
        self.send(&outbox, command, payload, &new_key())
    }

    /// Sends a command that is answered each time something happens.
    ///
    /// # Errors
    /// [`FrameError::Destroyed`].
    pub fn events(&self, command: &Command, payload: Payload) -> Result<Events, FrameError> {
        let key = new_key();
        let (sender, receiver) = mpsc::unbounded();
        let outbox = self.register(|waiters| waiters.listen(&key, sender))?.0;
        // Dropping it takes the key out.
        let events = Events::new(receiver, self.clone(), key);
        self.send(&outbox, command, payload, events.key())?;
        Ok(events)
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
        self.begin(command, payload)?.delivery(wait).await
    }

    /// Sends a command. What comes of it can be waited for.
    pub(crate) fn begin<'a>(&'a self, command: &'a Command, payload: Payload) -> Result<Exchange<'a>, FrameError> {
        let key = new_key();
        let (outbox, answer) = self.register(|waiters| waiters.wait(&key))?;
        let exchange = Exchange { command, answer, forget: Forget { conversation: self, key } };
        self.send(&outbox, command, payload, &exchange.forget.key)?;
        Ok(exchange)
    }

    /// Somebody waits from now on; what they say goes into the outbox that comes with it. No lock is held then: whoever
    /// carries messages may come back here at once.
    fn register<T>(&self, who: impl FnOnce(&mut Waiters) -> T) -> Result<(Sender, T), FrameError> {
        let mut state = self.state();
        let outbox = state.outbox.clone().ok_or(FrameError::Destroyed)?;
        Ok((outbox, who(&mut state.waiters)))
    }

    fn send(&self, outbox: &Sender, command: &Command, payload: Payload, key: &str) -> Result<(), FrameError> {
        tracing::debug!(target: keys::TARGET_FRAME, { { keys::COMMAND } = command.as_str() }, "posted");
        let message = Outgoing::new(command, payload, key, self.0.name.app_sid());
        outbox.unbounded_send(message).map_err(|_| FrameError::Destroyed)
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

/// A command that was sent. Whatever ends the wait for its answer, nothing of it stays behind.
pub(crate) struct Exchange<'a> {
    command: &'a Command,
    answer: oneshot::Receiver<Result<Value, InvalidPayload>>,
    forget: Forget<'a>,
}

impl Exchange<'_> {
    /// What became of it, after so long at most.
    pub(crate) async fn delivery(self, wait: Duration) -> Result<Delivery, FrameError> {
        let Self { command, answer, forget: _forget } = self;
        match select(answer, std::pin::pin!(b24_timer::sleep(wait))).await {
            Either::Left((Ok(Ok(answer)), _)) => Ok(Delivery::Answered(answer)),
            Either::Left((Ok(Err(invalid)), _)) => Err(FrameError::bad_answer(command, invalid.to_string())),
            Either::Left((Err(_), _)) => Err(FrameError::Destroyed),
            Either::Right(_) => Ok(Delivery::Posted),
        }
    }
}

/// Takes a key out when the wait for it ends.
struct Forget<'a> {
    conversation: &'a Conversation,
    key: String,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.conversation.forget(&self.key);
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
