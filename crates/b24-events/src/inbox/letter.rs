//! A delivery as it lies in an inbox.

use std::{fmt, time::SystemTime};

use bytes::Bytes;

use crate::Encoding;

/// A request of the portal, as it came. Nothing about it has been verified.
///
/// Its body holds tokens in the clear: an inbox has to keep it from others. `Debug` shows its size only.
#[derive(Clone)]
#[non_exhaustive]
pub struct Letter {
    /// The body.
    pub body: Bytes,
    /// How the body is written.
    pub encoding: Encoding,
    /// When it came.
    pub received: SystemTime,
}

/// A letter of one inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId(i64);

/// A letter to be handled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TakenLetter {
    /// By which it is acknowledged.
    pub id: LetterId,
    /// The letter.
    pub letter: Letter,
    /// How often it was taken and postponed before.
    pub attempts: u32,
}

/// What [`Inbox::take`](super::Inbox::take) gives.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Taken {
    /// Oldest first.
    pub letters: Vec<TakenLetter>,
    /// When the first of those is due that were postponed and are not due yet.
    pub next_due: Option<SystemTime>,
}

impl Letter {
    /// A letter that came at `received`.
    #[must_use]
    pub fn new(body: Bytes, encoding: Encoding, received: SystemTime) -> Self {
        Self { body, encoding, received }
    }
}

impl LetterId {
    /// The id that the inbox gave.
    #[must_use]
    pub fn new(id: i64) -> Self {
        Self(id)
    }

    /// The number itself.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl TakenLetter {
    /// A letter that was postponed so many times.
    #[must_use]
    pub fn new(id: LetterId, letter: Letter, attempts: u32) -> Self {
        Self { id, letter, attempts }
    }
}

impl Taken {
    /// Letters, and when the next is due.
    #[must_use]
    pub fn new(letters: Vec<TakenLetter>, next_due: Option<SystemTime>) -> Self {
        Self { letters, next_due }
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("bytes", &self.body.len())
            .field("encoding", &self.encoding)
            .field("received", &self.received)
            .finish()
    }
}
