//! Taking letters, and looking at buried ones.

use bytes::Bytes;
use rusqlite::{OptionalExtension, Row};

use super::{Again, NEVER_POSTPONED, Store};
use crate::{
    Encoding,
    inbox::{Letter, LetterId, Taken, TakenLetter, sqlite::schema, unix_millis},
};

impl Store {
    /// Letters, and by what they are [put back](Self::put_back). When it fails, nothing is taken.
    pub(in crate::inbox::sqlite) fn take(&mut self, limit: usize, now: i64) -> rusqlite::Result<(Taken, Vec<Again>)> {
        let mut letters = Vec::new();
        let mut keys: Vec<Again> = Vec::new();
        let mut passed: Vec<Again> = Vec::new();
        for &(due, id) in self.postponed.range(..=(now, i64::MAX)) {
            if letters.len() >= limit {
                break;
            }
            passed.push((due, id));
            let mut statement = self.connection.prepare_cached(schema::ONE)?;
            let found = statement.query_row([id], |row| Ok((due_of(row)?, letter_of(row)?))).optional()?;
            if let Some((at, letter)) = found.filter(|&(at, _)| at == due) {
                keys.push((at, id));
                letters.push(letter);
            }
        }
        let begun = self.take_fresh(limit - letters.len(), &mut letters, &mut keys)?;
        for again in passed {
            self.postponed.remove(&again);
        }
        self.begun = begun;
        letters.sort_unstable_by_key(|taken| taken.id);
        let next_due = self.postponed.range((now, i64::MAX)..).next();
        Ok((Taken::new(letters, next_due.map(|&(due, _)| unix_millis::to_time(due))), keys))
    }

    /// Letters that were never taken. Returns where to go on: each letter is passed once.
    fn take_fresh(&self, limit: usize, letters: &mut Vec<TakenLetter>, keys: &mut Vec<Again>) -> rusqlite::Result<i64> {
        if limit == 0 || self.begun >= self.totals.last_letter {
            return Ok(self.begun);
        }
        let mut statement = self.connection.prepare_cached(schema::FRESH)?;
        let mut rows = statement.query((self.begun, i64::try_from(limit).unwrap_or(i64::MAX)))?;
        let before = letters.len();
        while let Some(row) = rows.next()? {
            let letter = letter_of(row)?;
            keys.push((NEVER_POSTPONED, letter.id.get()));
            letters.push(letter);
        }
        let is_the_end = letters.len() - before < limit;
        let last = letters.last().map_or(self.begun, |letter| letter.id.get());
        Ok(if is_the_end { self.totals.last_letter } else { last })
    }

    /// Gives back what nobody has received.
    pub(in crate::inbox::sqlite) fn put_back(&mut self, keys: Vec<Again>) {
        self.postponed.extend(keys);
    }

    pub(in crate::inbox::sqlite) fn buried(&self, limit: usize) -> rusqlite::Result<Vec<TakenLetter>> {
        let mut statement = self.connection.prepare_cached(schema::BURIED)?;
        let letters = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], letter_of)?;
        letters.collect()
    }
}

fn letter_of(row: &Row<'_>) -> rusqlite::Result<TakenLetter> {
    let encoding = match row.get(3)? {
        JSON => Encoding::Json,
        _ => Encoding::Form,
    };
    let body: Vec<u8> = row.get(5)?;
    let letter = Letter::new(Bytes::from(body), encoding, unix_millis::to_time(row.get(2)?));
    Ok(TakenLetter::new(LetterId::new(row.get(0)?), letter, row.get(1)?))
}

fn due_of(row: &Row<'_>) -> rusqlite::Result<i64> {
    Ok(row.get::<_, Option<i64>>(4)?.unwrap_or(NEVER_POSTPONED))
}

pub(super) fn code_of(encoding: Encoding) -> i64 {
    match encoding {
        Encoding::Form => FORM,
        Encoding::Json => JSON,
    }
}

const FORM: i64 = 0;
const JSON: i64 = 1;
