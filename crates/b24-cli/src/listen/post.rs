//! What has arrived and is not printed yet.

use std::{path::Path, sync::Arc, time::SystemTime};

use b24_events::{
    Fingerprint, Inbox, MemoryInbox, SqliteInbox,
    inbox::{InboxError, InboxFuture, Letter, LetterId, Taken, TakenLetter},
};
use tokio::sync::Notify;

use crate::{
    failure::Failure,
    output::{explain, say},
};

/// An inbox that tells when there is something in it; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Post(Arc<Kept>);

#[derive(Debug)]
struct Kept {
    place: Place,
    /// Rings when something was kept.
    bell: Notify,
}

#[derive(Debug)]
enum Place {
    Memory(MemoryInbox),
    File(SqliteInbox),
}

impl Post {
    /// In a file, or without a path in memory.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let place = match path {
            None => Place::Memory(MemoryInbox::new()),
            Some(path) => Place::File(SqliteInbox::open(path).map_err(|error| {
                Failure::unusable(format!("cannot use --inbox {}: {}", path.display(), explain(&error)))
            })?),
        };
        Ok(Self(Arc::new(Kept { place, bell: Notify::new() })))
    }

    /// Whether it outlives this process.
    pub(super) fn outlives(&self) -> bool {
        matches!(self.0.place, Place::File(_))
    }

    /// The next delivery, as soon as there is one.
    ///
    /// # Cancel safety
    /// Dropped, what lies in a file may count as taken until this process ends. Of what is in memory nothing is lost.
    pub(super) async fn next(&self) -> Result<TakenLetter, Failure> {
        loop {
            if let Some(taken) = self.at_hand().await? {
                return Ok(taken);
            }
            self.0.bell.notified().await;
        }
    }

    /// The next delivery, if there is one.
    pub(super) async fn at_hand(&self) -> Result<Option<TakenLetter>, Failure> {
        let taken = self.inbox().take(1, now()).await.map_err(|error| broken(&error))?;
        Ok(taken.letters.into_iter().next())
    }

    /// Forgets a delivery. Nothing is remembered of it: the same one again is to be seen again.
    pub(super) async fn done(&self, id: LetterId) -> Result<(), Failure> {
        self.inbox().acknowledge(id, None, now()).await.map_err(|error| broken(&error))
    }

    /// Says how many deliveries were answered and not printed.
    pub(super) async fn tell_what_is_left(&self) {
        let waiting = self.inbox().waiting().await.unwrap_or_default();
        let deliveries = if waiting == 1 { "1 delivery".to_owned() } else { format!("{waiting} deliveries") };
        match &self.0.place {
            _ if waiting == 0 => {}
            Place::File(_) => say(&format!("b24: {deliveries} left in the inbox for the next time")),
            Place::Memory(_) => say(&format!("b24: {deliveries} not printed")),
        }
    }

    /// Closes the file.
    pub(super) async fn close(&self) {
        if let Place::File(file) = &self.0.place {
            if let Err(error) = file.close().await {
                say(&format!("b24: {}", explain(&error)));
            }
        }
    }

    fn inbox(&self) -> &dyn Inbox {
        match &self.0.place {
            Place::Memory(memory) => memory,
            Place::File(file) => file,
        }
    }
}

impl Inbox for Post {
    fn append(&self, letter: Letter) -> InboxFuture<'_, ()> {
        Box::pin(async move {
            // Also when the sender leaves before that is done: it may be kept all the same. A ring for nothing does no harm.
            let _ring = Ring(&self.0.bell);
            self.inbox().append(letter).await
        })
    }

    fn take(&self, limit: usize, now: SystemTime) -> InboxFuture<'_, Taken> {
        self.inbox().take(limit, now)
    }

    fn acknowledge(&self, id: LetterId, handled: Option<Fingerprint>, now: SystemTime) -> InboxFuture<'_, ()> {
        self.inbox().acknowledge(id, handled, now)
    }

    fn was_handled(&self, event: Fingerprint, now: SystemTime) -> InboxFuture<'_, bool> {
        self.inbox().was_handled(event, now)
    }

    fn postpone(&self, id: LetterId, due: SystemTime) -> InboxFuture<'_, ()> {
        self.inbox().postpone(id, due)
    }

    fn bury(&self, id: LetterId) -> InboxFuture<'_, ()> {
        self.inbox().bury(id)
    }

    fn waiting(&self) -> InboxFuture<'_, usize> {
        self.inbox().waiting()
    }

    fn forgets(&self) -> bool {
        self.inbox().forgets()
    }
}

/// Rings the bell when it is dropped.
struct Ring<'a>(&'a Notify);

impl Drop for Ring<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

fn broken(error: &InboxError) -> Failure {
    Failure::unusable(explain(error))
}

#[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
fn now() -> SystemTime {
    SystemTime::now()
}
