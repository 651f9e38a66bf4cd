//! What has arrived and is not handled yet.
//!
//! An [`Inbox`] takes each delivery before the portal has its answer, and keeps it until its handler is done. What the
//! answer promised is so as good as the inbox: [`MemoryInbox`] forgets with the process, `SqliteInbox` does not.

mod error;
mod letter;
mod memory;
mod remembered;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(feature = "sqlite")]
mod unix_millis;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime},
};

pub use error::{InboxError, InboxErrorKind};
pub use letter::{Letter, LetterId, Taken, TakenLetter};
pub use memory::MemoryInbox;
#[cfg(feature = "sqlite")]
pub use sqlite::{Durability, SqliteInbox, SqliteInboxBuilder};

use crate::Fingerprint;

/// What a letter counts against the capacity of an inbox beside its body: what an inbox needs to keep it, rounded up.
const OVERHEAD: u64 = 256;

/// How long an event is remembered that was handled.
///
/// Bitrix24 is said to repeat a delivery for up to 24 hours: one more for clocks that differ.
const REMEMBERED_FOR: Duration = Duration::from_secs(25 * 60 * 60);

/// What a letter counts against the capacity of an inbox, in bytes.
fn weight(body: usize) -> u64 {
    u64::try_from(body).unwrap_or(u64::MAX).saturating_add(OVERHEAD)
}

/// The future of an inbox's work.
pub type InboxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, InboxError>> + Send + 'a>>;

/// Keeps deliveries from the portal's request to the end of their handler.
///
/// One process uses one inbox, and one worker takes from it. After a restart every letter that was not
/// [acknowledged](Self::acknowledge) or [buried](Self::bury) is there to be taken again.
pub trait Inbox: fmt::Debug + Send + Sync + 'static {
    /// Keeps a letter. When this is done, it outlives whatever the inbox promises to outlive.
    ///
    /// # Errors
    /// [`InboxErrorKind::Full`] when there is no room: nothing was kept.
    ///
    /// # Cancel safety
    /// Dropped, it may or may not have kept the letter.
    fn append(&self, letter: Letter) -> InboxFuture<'_, ()>;

    /// Takes up to `limit` letters that are due at `now` and were not taken yet, oldest first, and tells when the next one
    /// is due that was postponed. Does not wait for letters to come.
    ///
    /// # Errors
    /// The inbox failed.
    ///
    /// # Cancel safety
    /// Dropped, it may have taken letters that nobody has then: they come again after a restart.
    fn take(&self, limit: usize, now: SystemTime) -> InboxFuture<'_, Taken>;

    /// Forgets a letter that is done with. With a fingerprint, it also remembers that this event was handled at `now`, in
    /// the same step.
    ///
    /// # Errors
    /// The inbox failed: the letter may come again after a restart.
    fn acknowledge(&self, id: LetterId, handled: Option<Fingerprint>, now: SystemTime) -> InboxFuture<'_, ()>;

    /// Whether an event with this fingerprint was handled already, within the time that the inbox remembers.
    ///
    /// # Errors
    /// The inbox failed.
    fn was_handled(&self, event: Fingerprint, now: SystemTime) -> InboxFuture<'_, bool>;

    /// Gives a taken letter back, to be taken again from `due` on, and counts the attempt.
    ///
    /// # Errors
    /// The inbox failed.
    fn postpone(&self, id: LetterId, due: SystemTime) -> InboxFuture<'_, ()>;

    /// Puts a letter aside that no attempt has got handled. It is not taken again.
    ///
    /// # Errors
    /// The inbox failed.
    fn bury(&self, id: LetterId) -> InboxFuture<'_, ()>;

    /// How many letters wait: those that were taken too, and not those that were buried.
    ///
    /// # Errors
    /// The inbox failed.
    fn waiting(&self) -> InboxFuture<'_, usize>;

    /// Whether what waits is lost with the process. A worker that is to end then handles it first.
    fn forgets(&self) -> bool {
        false
    }
}

/// An inbox that the program keeps a hand on: to look at what was buried, to close it.
impl<I: Inbox + ?Sized> Inbox for Arc<I> {
    fn append(&self, letter: Letter) -> InboxFuture<'_, ()> {
        (**self).append(letter)
    }

    fn take(&self, limit: usize, now: SystemTime) -> InboxFuture<'_, Taken> {
        (**self).take(limit, now)
    }

    fn acknowledge(&self, id: LetterId, handled: Option<Fingerprint>, now: SystemTime) -> InboxFuture<'_, ()> {
        (**self).acknowledge(id, handled, now)
    }

    fn was_handled(&self, event: Fingerprint, now: SystemTime) -> InboxFuture<'_, bool> {
        (**self).was_handled(event, now)
    }

    fn postpone(&self, id: LetterId, due: SystemTime) -> InboxFuture<'_, ()> {
        (**self).postpone(id, due)
    }

    fn bury(&self, id: LetterId) -> InboxFuture<'_, ()> {
        (**self).bury(id)
    }

    fn waiting(&self) -> InboxFuture<'_, usize> {
        (**self).waiting()
    }

    fn forgets(&self) -> bool {
        (**self).forgets()
    }
}
