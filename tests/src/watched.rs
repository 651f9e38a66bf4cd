//! An inbox that tells what becomes of its letters.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use b24::events::{
    Fingerprint, Inbox,
    inbox::{InboxFuture, Letter, LetterId, Taken},
};
use tokio::sync::Notify;

/// An inbox around another one. Clones are the same inbox.
pub struct Watched<I>(Arc<Inside<I>>);

struct Inside<I> {
    inbox: I,
    /// What is being handled.
    taken: Mutex<HashMap<LetterId, Letter>>,
    handled: Box<dyn Fn(&Letter) + Send + Sync>,
    /// Rings when there may be no letter any more.
    bell: Notify,
}

impl<I: Inbox> Watched<I> {
    /// Calls `handled` for each letter whose event is acknowledged as handled, once the inbox has written that down.
    pub fn new(inbox: I, handled: impl Fn(&Letter) + Send + Sync + 'static) -> Self {
        let (taken, bell) = (Mutex::default(), Notify::new());
        Self(Arc::new(Inside { inbox, taken, handled: Box::new(handled), bell }))
    }

    /// The inbox within.
    #[must_use]
    pub fn inner(&self) -> &I {
        &self.0.inbox
    }

    /// Waits until no letter waits. For one caller at a time.
    ///
    /// # Errors
    /// The inbox failed.
    pub async fn emptied(&self) -> Result<(), b24::events::inbox::InboxError> {
        while self.0.inbox.waiting().await? > 0 {
            self.0.bell.notified().await;
        }
        Ok(())
    }
}

impl<I> Inside<I> {
    fn forget(&self, id: LetterId) -> Option<Letter> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}

impl<I: Inbox> Inbox for Watched<I> {
    fn append(&self, letter: Letter) -> InboxFuture<'_, ()> {
        self.0.inbox.append(letter)
    }

    fn take(&self, limit: usize, now: SystemTime) -> InboxFuture<'_, Taken> {
        Box::pin(async move {
            let taken = self.0.inbox.take(limit, now).await?;
            let letters = taken.letters.iter().map(|taken| (taken.id, taken.letter.clone()));
            self.0.taken.lock().unwrap_or_else(PoisonError::into_inner).extend(letters);
            Ok(taken)
        })
    }

    fn acknowledge(&self, id: LetterId, handled: Option<Fingerprint>, now: SystemTime) -> InboxFuture<'_, ()> {
        Box::pin(async move {
            let letter = self.0.forget(id);
            self.0.inbox.acknowledge(id, handled, now).await?;
            if let (Some(letter), Some(_)) = (letter, handled) {
                (self.0.handled)(&letter);
            }
            self.0.bell.notify_one();
            Ok(())
        })
    }

    fn was_handled(&self, event: Fingerprint, now: SystemTime) -> InboxFuture<'_, bool> {
        self.0.inbox.was_handled(event, now)
    }

    fn postpone(&self, id: LetterId, due: SystemTime) -> InboxFuture<'_, ()> {
        self.0.forget(id);
        self.0.inbox.postpone(id, due)
    }

    fn bury(&self, id: LetterId) -> InboxFuture<'_, ()> {
        Box::pin(async move {
            self.0.forget(id);
            self.0.inbox.bury(id).await?;
            self.0.bell.notify_one();
            Ok(())
        })
    }

    fn waiting(&self) -> InboxFuture<'_, usize> {
        self.0.inbox.waiting()
    }

    fn forgets(&self) -> bool {
        self.0.inbox.forgets()
    }
}

impl<I> Clone for Watched<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<I: fmt::Debug> fmt::Debug for Watched<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.0.inbox).finish()
    }
}
