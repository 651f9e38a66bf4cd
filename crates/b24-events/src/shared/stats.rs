//! What was counted.

use std::sync::atomic::{AtomicU64, Ordering};

use http::StatusCode;

/// What an [`EventService`](crate::EventService) and its worker have done since they were made.
///
/// What was answered, then what became of it: `accepted` is the sum of `handled`, `forged`, `unknown_portal`, `duplicates`,
/// `malformed`, `unhandled`, `buried` and of what still waits; but for what was kept for a sender who had left before the
/// answer, and what an inbox had from before. A failed attempt counts in `failed` each time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Kept, and answered with 200.
    pub accepted: u64,
    /// Not what a portal sends, and answered with 4xx: another method, type or size, too slow, from elsewhere.
    pub refused: u64,
    /// Answered with 503: no room, about to end, or the inbox failed.
    pub turned_away: u64,
    /// Handlers that ended well.
    pub handled: u64,
    /// Attempts that ended with an error, a panic or a timeout, or because nobody could tell whether it is genuine.
    pub failed: u64,
    /// Put aside after the last attempt.
    pub buried: u64,
    /// Did not prove where they come from.
    pub forged: u64,
    /// Named a portal of which nothing is known.
    pub unknown_portal: u64,
    /// Were handled already, or were being handled.
    pub duplicates: u64,
    /// No event, no robot's call, or not readable as one.
    pub malformed: u64,
    /// Genuine, and there was no handler for them.
    pub unhandled: u64,
}

/// The same, while it changes.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    accepted: AtomicU64,
    refused: AtomicU64,
    turned_away: AtomicU64,
    pub(crate) handled: AtomicU64,
    pub(crate) failed: AtomicU64,
    pub(crate) buried: AtomicU64,
    pub(crate) forged: AtomicU64,
    pub(crate) unknown_portal: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) malformed: AtomicU64,
    pub(crate) unhandled: AtomicU64,
}

impl Counters {
    pub(crate) fn answered(&self, status: StatusCode) {
        add(if status.is_success() {
            &self.accepted
        } else if status.is_server_error() {
            &self.turned_away
        } else {
            &self.refused
        });
    }

    pub(crate) fn snapshot(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            accepted: read(&self.accepted),
            refused: read(&self.refused),
            turned_away: read(&self.turned_away),
            handled: read(&self.handled),
            failed: read(&self.failed),
            buried: read(&self.buried),
            forged: read(&self.forged),
            unknown_portal: read(&self.unknown_portal),
            duplicates: read(&self.duplicates),
            malformed: read(&self.malformed),
            unhandled: read(&self.unhandled),
        }
    }
}

pub(crate) fn add(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
