//! Brings the log to the disk: before each answer, or beside the work.

use std::{
    fs::{File, OpenOptions},
    io,
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use super::Durability;

/// Where the log is brought to the disk.
#[derive(Debug)]
pub(super) enum Log {
    /// Before anybody is answered: [`Durability::PowerLoss`](super::Durability::PowerLoss). SQLite could do it, and would
    /// bring the file's times to the disk with it, which takes many times as long.
    First(File),
    /// Beside the work: [`Durability::ProcessDeath`](super::Durability::ProcessDeath).
    Beside(Syncer),
}

impl Log {
    /// The log in this file. SQLite takes no locks on it, so that closing it here takes none away.
    pub(super) fn open(path: &Path, durability: Durability) -> io::Result<Self> {
        let log = OpenOptions::new().write(true).open(path)?;
        match durability {
            Durability::PowerLoss => {
                keep_name(path)?;
                Ok(Self::First(log))
            }
            Durability::ProcessDeath => Syncer::start(log).map(Self::Beside),
        }
    }

    /// So many more changes are in the log.
    ///
    /// # Errors
    /// They are not on the disk, and nobody can tell whether the system tries again: <https://lwn.net/Articles/752063/>.
    pub(super) fn wrote(&mut self, changes: usize) -> io::Result<()> {
        match self {
            Self::First(log) => log.sync_data(),
            Self::Beside(syncer) => {
                syncer.wrote(changes);
                Ok(())
            }
        }
    }
}

/// A file that nobody finds is lost: its name is in the folder.
fn keep_name(file: &Path) -> io::Result<()> {
    match file.parent() {
        Some(folder) if cfg!(unix) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Asks the system every now and then to write the log to the disk, in a thread of its own.
///
/// SQLite does so only before it brings the log into the file, all 16 MiB of it at once: tens of milliseconds in which
/// nobody is answered. Here nobody waits for it.
#[derive(Debug)]
pub(super) struct Syncer {
    /// `None` from the beginning of the end on.
    wanted: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    since: usize,
}

impl Syncer {
    fn start(log: File) -> io::Result<Self> {
        let (wanted, received) = sync_channel(1);
        let thread = thread::Builder::new().name("b24-inbox-sync".into()).spawn(move || run(&log, &received))?;
        Ok(Self { wanted: Some(wanted), thread: Some(thread), since: 0 })
    }

    /// So many more changes are in the log.
    fn wrote(&mut self, changes: usize) {
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
