//! Many changes in one transaction.

use std::{sync::Arc, time::SystemTime};

use b24_core::keys;
use rusqlite::{ErrorCode, OptionalExtension};

use super::{Store, Totals, read::code_of, seconds, unsigned};
use crate::{
    Fingerprint,
    inbox::{
        InboxError, InboxErrorKind, OVERHEAD,
        remembered::{self, Seconds, is_over},
        sqlite::{command::Write, schema},
        unix_millis, weight,
    },
};

/// What is known beside the file, once the transaction stands.
enum Effect {
    Postponed { due: i64, id: i64 },
    Remembered { event: Fingerprint, at: Seconds },
    Forgotten { event: Fingerprint, at: Seconds },
}

/// Why a transaction did not come to stand.
struct Failure {
    error: Arc<rusqlite::Error>,
    /// Each change was possible, keeping them was not.
    at_commit: bool,
}

type Answer = Result<bool, InboxError>;

impl Store {
    /// Does them in one transaction, or each in its own if one of them fails. The answers are in the order of the changes.
    pub(in crate::inbox::sqlite) fn write(&mut self, writes: &[Write]) -> Vec<Answer> {
        match self.transaction(writes) {
            Ok(answers) => answers,
            Err(Failure { at_commit: false, .. }) if writes.len() > 1 => {
                writes.iter().flat_map(|write| self.write(std::slice::from_ref(write))).collect()
            }
            Err(failure) => writes.iter().map(|write| Err(failure.of(write))).collect(),
        }
    }

    fn transaction(&mut self, writes: &[Write]) -> Result<Vec<Answer>, Failure> {
        let before = self.totals;
        let mut effects = Vec::new();
        match self.changes(writes, &mut effects) {
            Ok(answers) => {
                for effect in effects {
                    self.know(effect);
                }
                self.shared.set_waiting(usize::try_from(self.totals.waiting).unwrap_or(usize::MAX));
                Ok(answers)
            }
            Err(failure) => {
                self.totals = before;
                if !self.connection.is_autocommit() {
                    // A transaction that cannot be rolled back makes the next `BEGIN` fail, which says so.
                    let _failed_again = self.connection.execute_batch("ROLLBACK");
                }
                Err(failure)
            }
        }
    }

    fn changes(&mut self, writes: &[Write], effects: &mut Vec<Effect>) -> Result<Vec<Answer>, Failure> {
        self.settled = false;
        self.run(schema::BEGIN)?;
        let mut answers = Vec::with_capacity(writes.len());
        for write in writes {
            answers.push(self.change(write, effects)?);
        }
        let handled = writes.iter().filter_map(|write| match write {
            Write::Acknowledge { handled: Some(_), now, .. } => Some(*now),
            _ => None,
        });
        if let Some(now) = handled.clone().max() {
            self.prune(handled.count(), now, effects)?;
        }
        self.run(schema::COMMIT).map_err(|error| Failure { error: Arc::new(error), at_commit: true })?;
        Ok(answers)
    }

    /// One change. The error within the answer has changed nothing.
    fn change(&mut self, write: &Write, effects: &mut Vec<Effect>) -> rusqlite::Result<Answer> {
        let Self { connection, totals, capacity, .. } = self;
        let size = |id, buried: bool| -> rusqlite::Result<Option<u64>> {
            let mut statement = connection.prepare_cached(schema::SIZE)?;
            let size = statement.query_row((id, buried), |row| row.get(0)).optional()?;
            Ok(size.map(|size| unsigned(size).saturating_add(OVERHEAD)))
        };
        let change = |sql, id: i64| connection.prepare_cached(sql)?.execute([id]);
        match *write {
            Write::Append { ref letter } => {
                let bytes = totals.bytes.saturating_add(weight(letter.body.len()));
                if bytes > *capacity {
                    return Ok(Err(InboxError::new(InboxErrorKind::Full)));
                }
                let id = totals.last_letter + 1;
                let (received, encoding) = (unix_millis::of(letter.received), code_of(letter.encoding));
                connection.prepare_cached(schema::APPEND)?.execute((id, received, encoding, &*letter.body))?;
                *totals = Totals { last_letter: id, waiting: totals.waiting + 1, bytes, ..*totals };
                Ok(Ok(true))
            }
            Write::Acknowledge { id, handled, now } => {
                if let Some(event) = handled {
                    let (row, at) = (totals.last_handled + 1, unix_millis::of(now));
                    connection.prepare_cached(schema::REMEMBER)?.execute((row, at, event.as_bytes()))?;
                    *totals = Totals { last_handled: row, handled: totals.handled + 1, ..*totals };
                    effects.push(Effect::Remembered { event, at: remembered::seconds(now) });
                }
                let Some(size) = size(id, false)? else { return Ok(Ok(false)) };
                change(schema::DELETE, id)?;
                totals.leaves(size);
                Ok(Ok(true))
            }
            Write::Postpone { id, due } => {
                let postponed = connection.prepare_cached(schema::POSTPONE)?.execute((id, due))? > 0;
                if postponed {
                    effects.push(Effect::Postponed { due, id });
                }
                Ok(Ok(postponed))
            }
            Write::Bury { id } => {
                let Some(size) = size(id, false)? else { return Ok(Ok(false)) };
                change(schema::BURY, id)?;
                totals.leaves(size);
                totals.buried = totals.buried.saturating_add(size);
                self.make_room_for_the_buried()?;
                Ok(Ok(true))
            }
            Write::Revive { id } => {
                let Some(size) = size(id, true)? else { return Ok(Ok(false)) };
                change(schema::REVIVE, id)?;
                let (bytes, buried) = (totals.bytes.saturating_add(size), totals.buried.saturating_sub(size));
                *totals = Totals { waiting: totals.waiting + 1, bytes, buried, ..*totals };
                effects.push(Effect::Postponed { due: 0, id });
                Ok(Ok(true))
            }
            Write::Discard { id } => {
                let Some(size) = size(id, true)? else { return Ok(Ok(false)) };
                change(schema::DELETE, id)?;
                totals.buried = totals.buried.saturating_sub(size);
                Ok(Ok(true))
            }
        }
    }

    /// Deletes the oldest of what was buried while that takes up more than may wait: anybody can post what fails.
    fn make_room_for_the_buried(&mut self) -> rusqlite::Result<()> {
        while self.totals.buried > self.capacity {
            let mut statement = self.connection.prepare_cached(schema::OLDEST_BURIED)?;
            let (id, size) = statement.query_row((), |row| Ok((row.get::<_, i64>(0)?, unsigned(row.get(1)?))))?;
            self.connection.prepare_cached(schema::DELETE)?.execute([id])?;
            self.totals.buried = self.totals.buried.saturating_sub(size.saturating_add(OVERHEAD));
            tracing::error!(target: keys::TARGET_EVENTS, "deleted the oldest delivery that was put aside: there is no room");
        }
        Ok(())
    }

    /// Forgets up to two events for each that was added: those whose time is over, and the oldest of too many.
    fn prune(&mut self, added: usize, now: SystemTime, effects: &mut Vec<Effect>) -> rusqlite::Result<()> {
        if self.totals.handled <= REMEMBERED && !is_over(self.totals.oldest_handled, now) {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(schema::OLDEST)?;
        let mut rows = statement.query([i64::try_from(2 * added).unwrap_or(i64::MAX)])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            let at = seconds(row.get(1)?);
            if self.totals.handled <= REMEMBERED && !is_over(at, now) {
                self.totals.oldest_handled = at;
                break;
            }
            last = Some(row.get::<_, i64>(0)?);
            self.totals.handled -= 1;
            effects.push(Effect::Forgotten { event: Fingerprint::from_bytes(row.get(2)?), at });
        }
        drop(rows);
        if let Some(last) = last {
            self.connection.prepare_cached(schema::FORGET)?.execute([last])?;
        }
        Ok(())
    }

    fn know(&mut self, effect: Effect) {
        match effect {
            Effect::Postponed { due, id } => drop(self.postponed.insert((due, id))),
            Effect::Remembered { event, at } => self.shared.remembered().remember(event, at),
            Effect::Forgotten { event, at } => self.shared.remembered().forget(event, at),
        }
    }

    fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(()).map(drop)
    }
}

impl Totals {
    fn leaves(&mut self, size: u64) {
        self.waiting = self.waiting.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(size);
    }
}

impl Failure {
    fn of(&self, write: &Write) -> InboxError {
        let is_full = self.error.sqlite_error_code() == Some(ErrorCode::DiskFull);
        let kind = match write {
            Write::Append { .. } if is_full => InboxErrorKind::Full,
            _ => InboxErrorKind::Failed,
        };
        InboxError::new(kind).with_source(Arc::clone(&self.error))
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self { error: Arc::new(error), at_commit: false }
    }
}

/// How many handled events are remembered: a little less than what fills a hash table of 2^20 slots.
pub(super) const REMEMBERED: u64 = 900_000;
