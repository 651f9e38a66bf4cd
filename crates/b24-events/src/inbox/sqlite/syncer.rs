//! Brings the log to the disk beside the work.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

/// Asks the system every now and then to write the log to the disk, in a thread of its own.
///
/// With [`Durability::ProcessDeath`](super::Durability::ProcessDeath) SQLite does so only before it brings the log into the
/// file, all 16 MiB of it at once: tens of milliseconds in which nobody is answered. Here nobody waits for it.
#[derive(Debug)]
pub(super) struct Syncer {
    /// `None` from the beginning of the end on.
    wanted: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    since: usize,
}

impl Syncer {
    /// For the log in this file. SQLite takes no locks on it, so that closing it here takes none away.
    pub(super) fn start(log: &Path) -> io::Result<Self> {
        let log = OpenOptions::new().write(true).open(log)?;
        let (wanted, received) = sync_channel(1);
        let thread = thread::Builder::new().name("b24-inbox-sync".into()).spawn(move || run(&log, &received))?;
        Ok(Self { wanted: Some(wanted), thread: Some(thread), since: 0 })
    }

    /// So many more changes are in the log.
    pub(super) fn wrote(&mut self, changes: usize) {
        self.since += changes;
        if self.since >= CHANGES {
            self.since = 0;
            if let Some(wanted) = &self.wanted {
                // One that waits already will see these too.
                let _waits = wanted.try_send(());
            }
        }
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

fn run(log: &File, wanted: &Receiver<()>) {
    while wanted.recv().is_ok() {
        // Nothing was promised by this. What does not work fails again where SQLite does it, which says so.
        let _failed = log.sync_data();
    }
}

/// After how many changes: some hundred kilobytes.
const CHANGES: usize = 256;
