//! What is in the file, and what is known of it without looking.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::{collections::BTreeSet, sync::Arc};

use b24_core::keys;
use rusqlite::{Connection, Row};

use super::{schema, shared::Shared};
use crate::{
    Fingerprint,
    inbox::{InboxError, OVERHEAD, remembered::Seconds},
};

pub(super) struct Store {
    connection: Connection,
    shared: Arc<Shared>,
    capacity: u64,
    totals: Totals,
    /// The last letter that was taken for the first time: fresh ones come after it.
    begun: i64,
    /// Letters to be taken again: when they are due, and their ids. One that is gone, or due at another time by now, is passed
    /// over when it is met.
    postponed: BTreeSet<(i64, i64)>,
    /// Whether there is nothing in the log.
    settled: bool,
}

/// What the file holds; as it was before, when a transaction fails.
#[derive(Clone, Copy, Default)]
struct Totals {
    last_letter: i64,
    waiting: u64,
    bytes: u64,
    /// What was buried counts, in bytes.
    buried: u64,
    last_handled: i64,
    /// How many handled events are in the file.
    handled: u64,
    /// The oldest of them is not older than this.
    oldest_handled: Seconds,
}

impl Store {
    /// Reads everything once: the size of what waits, what is postponed, what was handled.
    pub(super) fn load(connection: Connection, capacity: u64, shared: Arc<Shared>) -> rusqlite::Result<Self> {
        let mut totals = Totals::default();
        let number = |sql| connection.query_row(sql, (), |row| row.get::<_, i64>(0));
        totals.last_letter = number(schema::LAST_LETTER)?;
        totals.last_handled = number(schema::LAST_HANDLED)?;
        (totals.waiting, totals.bytes) = connection.query_row(schema::TOTALS, [false], weight_of)?;
        (_, totals.buried) = connection.query_row(schema::TOTALS, [true], weight_of)?;
        let mut postponed = BTreeSet::new();
        {
            let mut statement = connection.prepare(schema::POSTPONED)?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                postponed.insert((row.get(0)?, row.get(1)?));
            }
            let mut remembered = shared.remembered();
            let mut statement = connection.prepare(schema::HANDLED)?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                remembered.remember(Fingerprint::from_bytes(row.get(1)?), seconds(row.get(0)?));
                totals.handled += 1;
            }
        }
        shared.set_waiting(usize::try_from(totals.waiting).unwrap_or(usize::MAX));
        // Whatever the log holds was left by a process that was killed.
        Ok(Self { connection, shared, capacity, totals, begun: 0, postponed, settled: false })
    }

    /// Whether there is nothing to [`settle`](Self::settle).
    pub(super) fn is_settled(&self) -> bool {
        self.settled
    }

    /// Brings the log into the file and empties it: nothing that was deleted is left in either.
    pub(super) fn settle(&mut self) {
        let emptied = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
        if let Err(error) = emptied {
            tracing::warn!(target: keys::TARGET_EVENTS, error = &error as &dyn std::error::Error, "the log of an inbox stays");
        }
        // One that failed is tried again after the next change.
        self.settled = true;
    }

    pub(super) fn close(self) -> Result<(), InboxError> {
        self.connection.flush_prepared_statement_cache();
        self.connection.close().map_err(|(_, error)| InboxError::failed(error))
    }
}

/// How many letters there are, and what they count.
fn weight_of(row: &Row<'_>) -> rusqlite::Result<(u64, u64)> {
    let (letters, bytes) = (unsigned(row.get(0)?), unsigned(row.get(1)?));
    Ok((letters, bytes.saturating_add(letters.saturating_mul(OVERHEAD))))
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// The seconds in milliseconds.
fn seconds(millis: i64) -> Seconds {
    Seconds::try_from(millis / 1000).unwrap_or_default()
}
