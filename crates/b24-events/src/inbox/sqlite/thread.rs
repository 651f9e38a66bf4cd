//! The thread that has the connection.

use std::{
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use tokio::sync::Semaphore;

use super::{
    SqliteInbox,
    command::{Command, Envelope, Read, Reply, Write},
    shared::Shared,
    store::Store,
};
use crate::inbox::InboxError;

/// Starts the thread. It ends when it is told to, or when nobody can tell it anything any more.
pub(super) fn start(store: Store, shared: Arc<Shared>) -> Result<SqliteInbox, InboxError> {
    let (commands, received) = mpsc::channel();
    let end = End(Arc::clone(&shared));
    thread::Builder::new()
        .name("b24-inbox".into())
        .spawn(move || run(store, &received, end))
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

fn run(mut store: Store, received: &Receiver<Envelope>, end: End) {
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
        batch.run(&mut store);
        if let Some(reply) = batch.close.take() {
            break Some(reply);
        }
    };
    let closed = store.close();
    if closed.is_ok() {
        end.0.set_closed();
    }
    if let Some(reply) = close {
        // Who asked may have gone.
        let _gone = reply.send(closed);
    } else if let Err(error) = closed {
        tracing::warn!(target: "b24::events", error = &error as &dyn std::error::Error, "an inbox was not closed in order");
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
    fn run(&mut self, store: &mut Store) {
        if !self.writes.is_empty() {
            let answers = store.write(&self.writes);
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
    }
}
