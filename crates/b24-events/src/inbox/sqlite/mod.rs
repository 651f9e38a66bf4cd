//! An inbox in a file.

mod builder;
mod command;
mod file;
mod place;
mod schema;
mod shared;
mod store;
mod syncer;
mod thread;

use std::{
    fmt,
    path::Path,
    sync::{Arc, mpsc},
    time::SystemTime,
};

use tokio::sync::{Semaphore, oneshot};

pub use self::builder::{Durability, SqliteInboxBuilder};
use self::{
    command::{Command, Envelope, Read, Write},
    shared::Shared,
};
use super::{Inbox, InboxError, InboxFuture, Letter, LetterId, Taken, TakenLetter, unix_millis};
use crate::Fingerprint;

/// Keeps letters in a file, through SQLite, which is compiled in.
///
/// A letter that was kept outlives the process, and by default the machine's loss of power: see [`Durability`]. One
/// process at a time has the file. A thread of the inbox's own writes to it, and writes in one transaction whatever was
/// asked for while it wrote before. When the inbox is dropped, the thread ends after all that was asked for until then, and
/// closes the file; [`close`](Self::close) waits for that.
///
/// # What is where
/// Letters hold access tokens in the clear. The file, and beside it the one that ends in `-wal` while the inbox is open,
/// are made readable to their owner alone (on Unix; elsewhere they have the folder's rights). What is deleted is
/// overwritten in the file itself. The `-wal` file is a log of all that was written: a letter stays in it after it was
/// acknowledged, until the log is written over. That happens when it has grown to 16 MiB, when the inbox has had nothing to
/// do for a second, and when it is closed; after the last two nothing is left of it. What a disk or a file system keeps of
/// overwritten files is theirs.
///
/// To look at what was buried while a worker works, give the worker one `Arc` of the inbox and keep another.
///
/// The files have to stay where they are while the inbox is open: when they were deleted, moved or replaced, it keeps
/// nothing more and fails (on Unix; elsewhere the system does not let that happen).
///
/// # Size
/// A letter counts with its body and 256 bytes. By default there is room for 1 GiB of those that wait, and for as much that
/// was buried: it stays until it is [discarded](Self::discard) or, when there is no room, the oldest. The last 900,000
/// events that were handled are remembered, for 25 hours: in memory too, 44 MB at most. The file reuses its room, and never
/// shrinks: in a steady state it stays as large as it is.
///
/// # Examples
/// ```
/// use b24_events::{Inbox, SqliteInbox};
///
/// # async fn example(folder: &std::path::Path) -> Result<(), b24_events::inbox::InboxError> {
/// let inbox = SqliteInbox::open(folder.join("events.db"))?;
/// println!("{} events wait", inbox.waiting().await?);
/// inbox.close().await
/// # }
/// # let folder = tempfile::tempdir().unwrap();
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(example(folder.path())).unwrap();
/// ```
pub struct SqliteInbox {
    commands: mpsc::Sender<Envelope>,
    /// Bounds what lies before the thread: a permit travels with each command.
    room: Arc<Semaphore>,
    shared: Arc<Shared>,
}

impl SqliteInbox {
    /// Opens the inbox in this file; makes it if there is none. With the capacity and the durability that
    /// [`builder`](Self::builder) starts from.
    ///
    /// Blocks: on the disk, and for as long as it takes to read what waits. Meant for the start of a program.
    ///
    /// # Errors
    /// [`InUse`](super::InboxErrorKind::InUse) when another process, or this one, has it open;
    /// [`Foreign`](super::InboxErrorKind::Foreign) when the file is something else;
    /// [`Failed`](super::InboxErrorKind::Failed) when it cannot be read or written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, InboxError> {
        Self::builder().open(path)
    }

    /// Room for 1 GiB, and [`Durability::PowerLoss`].
    #[must_use]
    pub fn builder() -> SqliteInboxBuilder {
        SqliteInboxBuilder::new()
    }

    /// Up to `limit` letters that were buried, oldest first. Costs memory for all of them.
    ///
    /// # Errors
    /// The inbox failed.
    pub async fn buried(&self, limit: usize) -> Result<Vec<TakenLetter>, InboxError> {
        self.ask(|reply| Command::Read(Read::Buried { limit, reply })).await
    }

    /// Gives a buried letter back, to be taken again at once, as if it had not been tried. `false` when no letter of this id
    /// is buried. It counts against the capacity again, and is given back even when there is no room.
    /// A worker that works has to be [woken](crate::EventService::wake) for it.
    ///
    /// # Errors
    /// The inbox failed.
    ///
    /// # Cancel safety
    /// Dropped, it may or may not have given the letter back.
    pub async fn revive(&self, id: LetterId) -> Result<bool, InboxError> {
        self.write(Write::Revive { id: id.get() }).await
    }

    /// Forgets a buried letter. `false` when no letter of this id is buried.
    ///
    /// # Errors
    /// The inbox failed.
    ///
    /// # Cancel safety
    /// Dropped, it may or may not have forgotten the letter.
    pub async fn discard(&self, id: LetterId) -> Result<bool, InboxError> {
        self.write(Write::Discard { id: id.get() }).await
    }

    /// Does what was asked for before, and closes the file. Whatever is asked for later fails; closing again does nothing.
    ///
    /// # Errors
    /// The file could not be closed in order, or its thread has died: nothing is lost by that.
    ///
    /// # Cancel safety
    /// Dropped, the inbox closes or stays open.
    pub async fn close(&self) -> Result<(), InboxError> {
        let closed = self.ask(|reply| Command::Close { reply }).await;
        if self.shared.is_closed() { Ok(()) } else { closed }
    }

    async fn write(&self, write: Write) -> Result<bool, InboxError> {
        self.ask(|reply| Command::Write { write, reply }).await
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, InboxError>>) -> Command,
    ) -> Result<T, InboxError> {
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| gone())?;
        let (reply, answer) = oneshot::channel();
        self.commands.send(Envelope { command: command(reply), permit }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

impl Inbox for SqliteInbox {
    fn append(&self, letter: Letter) -> InboxFuture<'_, ()> {
        Box::pin(async move { self.write(Write::Append { letter }).await.map(drop) })
    }

    fn take(&self, limit: usize, now: SystemTime) -> InboxFuture<'_, Taken> {
        let now = unix_millis::of(now);
        Box::pin(self.ask(move |reply| Command::Read(Read::Take { limit, now, reply })))
    }

    fn acknowledge(&self, id: LetterId, handled: Option<Fingerprint>, now: SystemTime) -> InboxFuture<'_, ()> {
        let id = id.get();
        Box::pin(async move { self.write(Write::Acknowledge { id, handled, now }).await.map(drop) })
    }

    fn was_handled(&self, event: Fingerprint, now: SystemTime) -> InboxFuture<'_, bool> {
        Box::pin(async move {
            self.shared.check()?;
            Ok(self.shared.remembered().has(event, now))
        })
    }

    fn postpone(&self, id: LetterId, due: SystemTime) -> InboxFuture<'_, ()> {
        let (id, due) = (id.get(), unix_millis::of(due));
        Box::pin(async move { self.write(Write::Postpone { id, due }).await.map(drop) })
    }

    fn bury(&self, id: LetterId) -> InboxFuture<'_, ()> {
        let id = id.get();
        Box::pin(async move { self.write(Write::Bury { id }).await.map(drop) })
    }

    fn waiting(&self) -> InboxFuture<'_, usize> {
        Box::pin(async move {
            self.shared.check()?;
            Ok(self.shared.waiting())
        })
    }
}

/// The thread has ended: the inbox was closed, or its thread has panicked.
fn gone() -> InboxError {
    InboxError::failed("the inbox is closed")
}

impl fmt::Debug for SqliteInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteInbox").field("waiting", &self.shared.waiting()).finish_non_exhaustive()
    }
}
