//! Taking letters, and looking at buried ones.

use std::ops::Bound;

use bytes::Bytes;
use rusqlite::{OptionalExtension, Row};

use super::Store;
use crate::{
    Encoding,
    inbox::{Letter, LetterId, Taken, TakenLetter, sqlite::schema, unix_millis},
};

impl Store {
    /// When it fails, nothing is taken.
    pub(in crate::inbox::sqlite) fn take(&mut self, limit: usize, now: i64) -> rusqlite::Result<Taken> {
        let mut letters = Vec::new();
        let mut passed = Vec::new();
        self.take_again(limit.div_ceil(2), now, &mut passed, &mut letters)?;
        let begun = self.take_fresh(limit - letters.len(), &mut letters)?;
        self.take_again(limit, now, &mut passed, &mut letters)?;
        for again in passed {
            self.postponed.remove(&again);
        }
        self.begun = begun;
        letters.sort_unstable_by_key(|taken| taken.id);
        let next_due = self.postponed.range((now, i64::MAX)..).next();
        Ok(Taken::new(letters, next_due.map(|&(due, _)| unix_millis::to_time(due))))
    }

    /// Letters that were postponed and are due, until there are so many; goes on behind the last of `passed`.
    fn take_again(
        &self,
        until: usize,
        now: i64,
        passed: &mut Vec<(i64, i64)>,
        letters: &mut Vec<TakenLetter>,
    ) -> rusqlite::Result<()> {
        let from = passed.last().map_or(Bound::Unbounded, |&last| Bound::Excluded(last));
        for &(due, id) in self.postponed.range((from, Bound::Included((now, i64::MAX)))) {
            if letters.len() >= until {
                break;
            }
            passed.push((due, id));
            let mut statement = self.connection.prepare_cached(schema::ONE)?;
            letters.extend(statement.query_row((id, due), letter_of).optional()?);
        }
        Ok(())
    }

    /// Letters that were never taken. Returns where to go on: each letter is passed once.
    fn take_fresh(&self, limit: usize, letters: &mut Vec<TakenLetter>) -> rusqlite::Result<i64> {
        if limit == 0 || self.begun >= self.totals.last_letter {
            return Ok(self.begun);
        }
        let mut statement = self.connection.prepare_cached(schema::FRESH)?;
        let mut rows = statement.query((self.begun, i64::try_from(limit).unwrap_or(i64::MAX)))?;
        let before = letters.len();
        while let Some(row) = rows.next()? {
            letters.push(letter_of(row)?);
        }
        let is_the_end = letters.len() - before < limit;
        let last = letters.last().map_or(self.begun, |letter| letter.id.get());
        Ok(if is_the_end { self.totals.last_letter } else { last })
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
    let body: Vec<u8> = row.get(4)?;
    let letter = Letter::new(Bytes::from(body), encoding, unix_millis::to_time(row.get(2)?));
    Ok(TakenLetter::new(LetterId::new(row.get(0)?), letter, row.get(1)?))
}

pub(super) fn code_of(encoding: Encoding) -> i64 {
    match encoding {
        Encoding::Form => FORM,
        Encoding::Json => JSON,
    }
}

const FORM: i64 = 0;
const JSON: i64 = 1;
