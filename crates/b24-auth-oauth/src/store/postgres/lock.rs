//! The lock of a renewal: one of this process, and under it one of the server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{runtime::Handle, sync::OwnedMutexGuard, time::sleep};

use super::{
    session::{Link, Session, text},
    trouble::Trouble,
};
use crate::store::StoreError;

/// What a lock is known by: the table, and the record's place in it.
#[derive(Clone)]
pub(super) struct Name {
    pub(super) table: String,
    pub(super) row: String,
}

/// The locks of this process. The server counts the locks of one connection and never refuses it one it has already.
#[derive(Default)]
pub(super) struct Local(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

/// A table is known by its number, so that `t` and `public.t` are one.
const NUMBER: &str = "hashtextextended('b24-auth-oauth:' || $1::text::regclass::oid::text || ':' || $2, 0)";

/// The pause between two tries: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

impl Local {
    /// Waits for its turn; those of one process go in the order they came.
    ///
    /// By the record alone: of two tables that are one under two names, the same record must be one too, and that of two
    /// tables which are two are seldom renewed at once.
    async fn acquire(&self, row: &str) -> OwnedMutexGuard<()> {
        let mutex = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, mutex| mutex.strong_count() > 0);
            let known = all.get(row).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let mutex = Arc::default();
                all.insert(row.to_owned(), Arc::downgrade(&mutex));
                mutex
            })
        };
        mutex.lock_owned().await
    }
}

/// A lock in hand, or one that was asked for and may have been given.
pub(super) struct Held {
    session: Arc<Session>,
    name: Name,
    /// Given up only when the server has its lock back.
    local: Option<OwnedMutexGuard<()>>,
    runtime: Handle,
}

/// Waits until no other task and no other process has the lock.
///
/// It asks the server again and again and never lets it wait: a statement that waited would keep all others of this
/// connection waiting, the one perhaps that gives the lock free.
///
/// # Cancel safety
/// Dropping the future gives back what it may have got.
pub(super) async fn acquire(link: &Link, locks: &Local, name: Name) -> Result<Held, StoreError> {
    let mut local = locks.acquire(&name.row).await;
    let mut pause = PAUSES.0;
    let mut was_lost = false;
    loop {
        let session = link.session().await?;
        let held = Held { session, name: name.clone(), local: Some(local), runtime: Handle::current() };
        let answer = held.ask().await;
        if matches!(answer, Ok(true)) {
            return Ok(held);
        }
        local = held.disarm()?;
        match answer {
            Ok(_) => {
                // Not all at the same moment.
                sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
                pause = (pause * 2).min(PAUSES.1);
                was_lost = false;
            }
            Err(Trouble::Lost(_)) if !was_lost => was_lost = true,
            Err(trouble) => return Err(trouble.into_error()),
        }
    }
}

impl Held {
    async fn ask(&self) -> Result<bool, Trouble> {
        let statement = format!("SELECT pg_try_advisory_lock({NUMBER})");
        let row = self.session.query(&statement, &[text(&&*self.name.table), text(&&*self.name.row)]).await?;
        Ok(row.is_some_and(|row| row.try_get(0).unwrap_or(false)))
    }

    /// The server has not given the lock, or the connection is gone: there is nothing to give back.
    fn disarm(mut self) -> Result<OwnedMutexGuard<()>, StoreError> {
        self.local.take().ok_or_else(|| StoreError::failed("the lock was given back twice"))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(local) = self.local.take() else { return };
        let (session, name) = (Arc::clone(&self.session), self.name.clone());
        let unlocking = Unlocking { session, is_done: false };
        // Statements of one connection run in their order: if the lock was asked for, that ran before.
        self.runtime.spawn(async move {
            let mut unlocking = unlocking;
            let statement = format!("SELECT pg_advisory_unlock({NUMBER})");
            let (table, row) = (&*name.table, &*name.row);
            let session = &unlocking.session;
            unlocking.is_done =
                session.is_alive() && session.query(&statement, &[text(&table), text(&row)]).await.is_ok();
            drop(unlocking);
            drop(local);
        });
    }
}

/// A lock on its way back. If the server is not told, because the connection failed or the runtime of this task ended and
/// not that of the connection, the connection ends: then the server gives it free.
struct Unlocking {
    session: Arc<Session>,
    is_done: bool,
}

impl Drop for Unlocking {
    fn drop(&mut self) {
        if !self.is_done {
            self.session.end();
        }
    }
}
