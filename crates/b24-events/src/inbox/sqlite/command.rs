//! What the thread of an inbox is asked for.

use std::time::SystemTime;

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::{
    Fingerprint,
    inbox::{InboxError, Letter, Taken, TakenLetter},
};

/// A command on its way.
pub(super) struct Envelope {
    pub(super) command: Command,
    /// Given back when the thread has read the command.
    pub(super) permit: OwnedSemaphorePermit,
}

pub(super) type Reply<T> = oneshot::Sender<Result<T, InboxError>>;

pub(super) enum Command {
    Write { write: Write, reply: Reply<bool> },
    Read(Read),
    Close { reply: Reply<()> },
}

/// What changes nothing in the file.
pub(super) enum Read {
    Take { limit: usize, now: i64, reply: Reply<Taken> },
    Buried { limit: usize, reply: Reply<Vec<TakenLetter>> },
}

/// A change. Its answer says whether there was anything to change.
pub(super) enum Write {
    Append { letter: Letter },
    Acknowledge { id: i64, handled: Option<Fingerprint>, now: SystemTime },
    Postpone { id: i64, due: i64 },
    Bury { id: i64 },
    Revive { id: i64 },
    Discard { id: i64 },
}
