//! The thread that has the connection.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use b24_core::keys;
use tokio::sync::Semaphore;

use super::{
    SqliteInbox,
    command::{Command, Envelope, Read, Reply, Write},
    place::Place,
    shared::Shared,
    store::Store,
    syncer::Log,
};
use crate::inbox::InboxError;

/// Starts the thread. It ends when it is told to, or when nobody can tell it anything any more.
pub(super) fn start(store: Store, log: Log, place: Place, shared: Arc<Shared>) -> Result<SqliteInbox, InboxError> {
    let (commands, received) = mpsc::channel();
    let end = End(Arc::clone(&shared));
    thread::Builder::new()
        .name("b24-inbox".into())
        .spawn(move || run(store, log, &place, &received, end))
        .map_err(InboxError::failed)?;
    Ok(SqliteInbox { commands, room: Arc::new(Semaphore::new(QUEUE)), shared })
}

/// How many commands may lie before the thread; who brings more waits.
const QUEUE: usize = 1024;
/// How many commands one transaction has at most.
const BATCH: usize = 512;
/// How long nothing is to come until the log is emptied.
const IDLE: Duration = Duration::from_secs(1);

/// Says that the thread has ended, however it ends. Dropped before the receiver, which then refuses.
struct End(Arc<Shared>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.set_ended();
    }
}

fn run(mut store: Store, mut log: Log, place: &Place, received: &Receiver<Envelope>, end: End) {
    let mut batch = Batch::default();
    let close = loop {
        let first = if store.is_settled() {
            received.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            received.recv_timeout(IDLE)
        };
        match first {
            Ok(first) => batch.fill(first, received),
            Err(RecvTimeoutError::Timeout) => {
                store.settle();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break None,
        }
        if let Err(error) = batch.run(&mut store, &mut log, place) {
            // What was written is perhaps not there: who goes on would promise what nobody can keep.
            tracing::error!(target: keys::TARGET_EVENTS, error = &error as &dyn std::error::Error, "an inbox ends");
            break None;
        }
        if let Some(reply) = batch.close.take() {
            break Some(reply);
        }
    };
    // The log is not deleted while it is open.
    drop(log);
    let closed = store.close();
    if closed.is_ok() {
        end.0.set_closed();
    }
    if let Some(reply) = close {
        // Who asked may have gone.
        let _gone = reply.send(closed);
    } else if let Err(error) = closed {
        tracing::warn!(target: keys::TARGET_EVENTS, error = &error as &dyn std::error::Error, "an inbox was not closed in order");
    }
}

/// Commands that are done together.
#[derive(Default)]
struct Batch {
    writes: Vec<Write>,
    replies: Vec<Reply<bool>>,
    reads: Vec<Read>,
    close: Option<Reply<()>>,
}

impl Batch {
    /// Adds what is there, up to a command to close.
    fn fill(&mut self, first: Envelope, received: &Receiver<Envelope>) {
        let mut next = Some(first);
        let mut filled = 0;
        while let Some(Envelope { command, permit }) = next {
            drop(permit);
            match command {
                Command::Write { write, reply } => {
                    self.writes.push(write);
                    self.replies.push(reply);
                }
                Command::Close { reply } => {
                    self.close = Some(reply);
                    return;
                }
                Command::Read(read) => self.reads.push(read),
            }
            filled += 1;
            next = if filled < BATCH { received.try_recv().ok() } else { None };
        }
    }

    /// Writes first: a letter that is asked for together with its arrival is found. An answer may find nobody.
    ///
    /// # Errors
    /// The log is not on the disk, or where nobody finds it. Nobody was told that anything was done.
    fn run(&mut self, store: &mut Store, log: &mut Log, place: &Place) -> io::Result<()> {
        if !self.writes.is_empty() {
            let answers = store.write(&self.writes);
            // Without an answer they fail.
            log.wrote(self.writes.len())?;
            place.check()?;
            self.writes.clear();
            for (reply, answer) in self.replies.drain(..).zip(answers) {
                let _gone = reply.send(answer);
            }
        }
        for read in self.reads.drain(..) {
            match read {
                Read::Take { limit, now, reply } => {
                    drop(reply.send(store.take(limit, now).map_err(InboxError::failed)));
                }
                Read::Buried { limit, reply } => {
                    drop(reply.send(store.buried(limit).map_err(InboxError::failed)));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::{
        Encoding, Fingerprint, Inbox,
        inbox::{InboxErrorKind, Letter, LetterId},
    };

    /// A disk that answers that it could not: this file cannot be brought to any.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_is_not_on_the_disk_is_not_said_to_be_kept_and_the_inbox_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let shared = Arc::new(Shared::default());
        let (connection, _) = super::super::file::open(&path).unwrap();
        let store = Store::load(connection, 1 << 20, Arc::clone(&shared)).unwrap();
        let log = Log::First(std::fs::File::open("/dev/null").unwrap());
        let inbox = start(store, log, Place::default(), shared).unwrap();
        let letter = || Letter::new("a".into(), Encoding::Form, UNIX_EPOCH);
        for _ in 0..2 {
            assert_eq!(inbox.append(letter()).await.unwrap_err().kind(), InboxErrorKind::Failed);
        }
        assert_eq!(inbox.take(1, UNIX_EPOCH).await.unwrap_err().kind(), InboxErrorKind::Failed);
    }

    #[tokio::test]
    async fn every_call_fails_once_the_thread_has_died() {
        let (commands, received) = mpsc::channel::<Envelope>();
        let shared = Arc::new(Shared::default());
        let end = End(Arc::clone(&shared));
        let inbox = SqliteInbox { commands, room: Arc::new(Semaphore::new(QUEUE)), shared };
        let dying = thread::spawn(move || {
            let _end = end;
            let _served = received.recv();
            std::panic::resume_unwind(Box::new(()));
        });
        let letter = || Letter::new("a".into(), Encoding::Form, UNIX_EPOCH);
        let (served, queued) = tokio::join!(inbox.append(letter()), inbox.append(letter()));
        assert!(dying.join().is_err());
        let id = LetterId::new(1);
        for error in [
            served.unwrap_err(),
            queued.unwrap_err(),
            inbox.append(letter()).await.unwrap_err(),
            inbox.take(1, UNIX_EPOCH).await.unwrap_err(),
            inbox.acknowledge(id, None, UNIX_EPOCH).await.unwrap_err(),
            inbox.was_handled(Fingerprint::from_bytes([0; 16]), UNIX_EPOCH).await.unwrap_err(),
            inbox.waiting().await.unwrap_err(),
            inbox.buried(1).await.unwrap_err(),
            inbox.close().await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), InboxErrorKind::Failed);
        }
    }
}
