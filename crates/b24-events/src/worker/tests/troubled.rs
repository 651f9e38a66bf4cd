//! An inbox that is slow, or fails.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

use crate::{
    Fingerprint, MemoryInbox,
    inbox::{Inbox, InboxError, InboxFuture, Letter, LetterId, Taken},
};

/// One in memory, with these troubles. What waits outlives it, as far as a worker is told, unless it `forgets`.
#[derive(Debug, Default)]
pub(super) struct Troubled {
    pub(super) inner: MemoryInbox,
    /// How long it takes until a letter is kept.
    pub(super) append: Duration,
    /// From when a letter is kept to when that is told.
    pub(super) told: Duration,
    /// How long it takes to take letters, and to change one.
    pub(super) take: Duration,
    pub(super) change: Duration,
    /// How many times it cannot take, change, or tell what was handled.
    pub(super) failed_takes: AtomicU32,
    pub(super) failed_changes: AtomicU32,
    pub(super) failed_answers: AtomicU32,
    pub(super) forgets: bool,
}

impl Troubled {
    fn change<'a>(&'a self, change: InboxFuture<'a, ()>) -> InboxFuture<'a, ()> {
        Box::pin(async move {
            tokio::time::sleep(self.change).await;
            works(&self.failed_changes)?;
            change.await
        })
    }
}

fn works(failures: &AtomicU32) -> Result<(), InboxError> {
    let fails = failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
    if fails { Err(InboxError::failed("disk")) } else { Ok(()) }
}

impl Inbox for Troubled {
    fn append(&self, letter: Letter) -> InboxFuture<'_, ()> {
        Box::pin(async move {
            tokio::time::sleep(self.append).await;
            self.inner.append(letter).await?;
            tokio::time::sleep(self.told).await;
            Ok(())
        })
    }

    fn take(&self, limit: usize, now: SystemTime) -> InboxFuture<'_, Taken> {
        Box::pin(async move {
            works(&self.failed_takes)?;
            // Taken at once, and told later: what nobody waits for would be lost.
            let taken = self.inner.take(limit, now).await;
            tokio::time::sleep(self.take).await;
            taken
        })
    }

    fn acknowledge(&self, id: LetterId, handled: Option<Fingerprint>, now: SystemTime) -> InboxFuture<'_, ()> {
        self.change(self.inner.acknowledge(id, handled, now))
    }

    fn was_handled(&self, event: Fingerprint, now: SystemTime) -> InboxFuture<'_, bool> {
        Box::pin(async move {
            works(&self.failed_answers)?;
            self.inner.was_handled(event, now).await
        })
    }

    fn postpone(&self, id: LetterId, due: SystemTime) -> InboxFuture<'_, ()> {
        self.change(self.inner.postpone(id, due))
    }

    fn bury(&self, id: LetterId) -> InboxFuture<'_, ()> {
        self.change(self.inner.bury(id))
    }

    fn waiting(&self) -> InboxFuture<'_, usize> {
        self.inner.waiting()
    }

    fn forgets(&self) -> bool {
        self.forgets
    }
}
