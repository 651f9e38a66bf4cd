//! How much a file keeps, and what it outlives.

use std::{path::Path, sync::Arc};

use super::{SqliteInbox, file, place::Place, shared::Shared, store::Store, syncer::Log, thread};
use crate::inbox::InboxError;

/// What a letter outlives once it was kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// The loss of power, and the end of the operating system: each transaction waits for the disk, and holds whatever was
    /// asked for while it waited before.
    #[default]
    PowerLoss,
    /// The end of the process, however it ends. When the machine loses power, the last moments are lost; the file stays
    /// whole.
    ProcessDeath,
}

/// Opens a [`SqliteInbox`].
///
/// # Examples
/// ```
/// use b24_events::{SqliteInbox, inbox::Durability};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("events.db");
/// let inbox = SqliteInbox::builder().capacity(64 << 20).durability(Durability::ProcessDeath).open(path)?;
/// # Ok::<(), b24_events::inbox::InboxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SqliteInboxBuilder {
    capacity: u64,
    durability: Durability,
}

impl SqliteInboxBuilder {
    pub(super) fn new() -> Self {
        Self { capacity: CAPACITY, durability: Durability::default() }
    }

    /// Sets how many bytes may wait; each letter counts with its body and 256 bytes. By default 1 GiB.
    #[must_use]
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.capacity = bytes;
        self
    }

    /// Sets what a letter outlives once it was kept.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// Opens the inbox in this file: see [`SqliteInbox::open`].
    ///
    /// # Errors
    /// As [`SqliteInbox::open`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SqliteInbox, InboxError> {
        let (connection, files) = file::open(path.as_ref())?;
        let shared = Arc::new(Shared::default());
        let store = Store::load(connection, self.capacity, Arc::clone(&shared)).map_err(InboxError::failed)?;
        let log = Log::open(&files[1], self.durability).map_err(InboxError::failed)?;
        let place = Place::of(files).map_err(InboxError::failed)?;
        thread::start(store, log, place, shared)
    }
}

/// 1 GiB.
const CAPACITY: u64 = 1 << 30;
