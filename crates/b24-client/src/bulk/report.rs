//! All rows of a bulk at once.

use b24_core::{
    Error,
    batch::{Outcome, Payload},
};
use serde::de::DeserializeOwned;

use super::LostChunk;

/// What became of one command of a bulk.
#[derive(Debug)]
#[non_exhaustive]
pub struct BulkRow<T> {
    /// Its absolute place, from 0.
    pub index: usize,
    /// The label it was given.
    pub label: Option<Box<str>>,
    /// What became of it.
    pub outcome: Outcome<T>,
}

impl BulkRow<Payload> {
    pub(super) fn decode<T: DeserializeOwned>(self) -> BulkRow<T> {
        let Self { index, label, outcome } = self;
        BulkRow { index, label, outcome: outcome.decode() }
    }
}

/// What became of all commands of a bulk.
#[derive(Debug)]
#[must_use = "commands may have failed"]
pub struct BulkReport<T> {
    rows: Vec<BulkRow<T>>,
    lost: Vec<LostChunk>,
}

impl<T> BulkReport<T> {
    pub(super) fn add(&mut self, row: Result<BulkRow<T>, LostChunk>) {
        match row {
            Ok(row) => self.rows.push(row),
            Err(lost) => self.lost.push(lost),
        }
    }

    /// The rows there are, in order. A command that has none was lost or, after an error that halts, not sent.
    #[must_use]
    pub fn rows(&self) -> &[BulkRow<T>] {
        &self.rows
    }

    /// The requests that failed as a whole.
    #[must_use]
    pub fn lost(&self) -> &[LostChunk] {
        &self.lost
    }

    /// Hands over the rows and the requests that failed as a whole.
    #[must_use]
    pub fn into_parts(self) -> (Vec<BulkRow<T>>, Vec<LostChunk>) {
        (self.rows, self.lost)
    }

    /// All results in order, when every command answered; for `?`.
    ///
    /// # Errors
    /// The first error there is; all results are dropped.
    pub fn into_results(self) -> Result<Vec<T>, Error> {
        let results = self.rows.into_iter().map(|row| Ok(row.outcome.into_result()?.result)).collect();
        match self.lost.into_iter().next() {
            Some(lost) => Err(lost.into_error()),
            None => results,
        }
    }
}

impl<T> Default for BulkReport<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), lost: Vec::new() }
    }
}
