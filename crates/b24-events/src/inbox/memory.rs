//! An inbox that forgets with the process.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use b24_core::keys;

use super::{
    Inbox, InboxError, InboxErrorKind, InboxFuture, Letter, LetterId, Taken, TakenLetter,
    remembered::{Remembered, Seconds, is_over, seconds},
    weight,
};
use crate::Fingerprint;

/// Keeps letters in memory.
///
/// **Whatever waits is lost when the process ends**, although the portal was told that it has arrived: for tests, for
/// tools, and for events whose loss does no harm. `SqliteInbox` keeps them in a file.
///
/// A letter counts with its body and 256 bytes; there is room for 64 MiB of them. The last 100,000 events that were handled
/// are remembered, for 25 hours: a few megabytes. A buried letter is dropped, and its id and size are logged.
pub struct MemoryInbox {
    state: Mutex<State>,
    capacity: u64,
}

#[derive(Default)]
struct State {
    letters: BTreeMap<i64, Entry>,
    /// Those to be taken again.
    postponed: BTreeSet<(SystemTime, i64)>,
    last: i64,
    /// The last letter that was taken for the first time: those after it are fresh.
    begun: i64,
    bytes: u64,
    remembered: Remembered,
    /// What is remembered, oldest first.
    order: VecDeque<(Fingerprint, Seconds)>,
}

struct Entry {
    letter: Letter,
    attempts: u32,
    /// While it is postponed.
    due: Option<SystemTime>,
}

impl MemoryInbox {
    /// An empty inbox with room for 64 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self { state: Mutex::default(), capacity: CAPACITY }
    }

    /// Sets how many bytes may wait; each letter counts with its body and 256 bytes.
    #[must_use]
    pub fn with_capacity(mut self, bytes: u64) -> Self {
        self.capacity = bytes;
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryInbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Inbox for MemoryInbox {
    fn append(&self, letter: Letter) -> InboxFuture<'_, ()> {
        Box::pin(async move { self.state().append(letter, self.capacity) })
    }

    fn take(&self, limit: usize, now: SystemTime) -> InboxFuture<'_, Taken> {
        Box::pin(async move { Ok(self.state().take(limit, now)) })
    }

    fn acknowledge(&self, id: LetterId, handled: Option<Fingerprint>, now: SystemTime) -> InboxFuture<'_, ()> {
        Box::pin(async move {
            let mut state = self.state();
            if let Some(event) = handled {
                state.remember(event, now);
            }
            state.remove(id);
            Ok(())
        })
    }

    fn was_handled(&self, event: Fingerprint, now: SystemTime) -> InboxFuture<'_, bool> {
        Box::pin(async move { Ok(self.state().remembered.has(event, now)) })
    }

    fn postpone(&self, id: LetterId, due: SystemTime) -> InboxFuture<'_, ()> {
        Box::pin(async move {
            self.state().postpone(id, due);
            Ok(())
        })
    }

    fn bury(&self, id: LetterId) -> InboxFuture<'_, ()> {
        Box::pin(async move {
            let buried = self.state().remove(id);
            if let Some(entry) = buried {
                let (id, bytes) = (id.get(), entry.letter.body.len());
                tracing::error!(target: keys::TARGET_EVENTS, id, bytes, "a letter was dropped that no attempt has got handled");
            }
            Ok(())
        })
    }

    fn waiting(&self) -> InboxFuture<'_, usize> {
        Box::pin(async move { Ok(self.state().letters.len()) })
    }

    fn forgets(&self) -> bool {
        true
    }
}

impl State {
    fn append(&mut self, letter: Letter, capacity: u64) -> Result<(), InboxError> {
        let bytes = self.bytes.saturating_add(weight(letter.body.len()));
        if bytes > capacity {
            return Err(InboxError::new(InboxErrorKind::Full));
        }
        self.bytes = bytes;
        self.last += 1;
        self.letters.insert(self.last, Entry { letter, attempts: 0, due: None });
        Ok(())
    }

    fn take(&mut self, limit: usize, now: SystemTime) -> Taken {
        let mut letters = Vec::new();
        self.take_again(limit.div_ceil(2), now, &mut letters);
        let room = limit - letters.len();
        let fresh = self.letters.range(self.begun + 1..).filter(|(_, entry)| entry.due.is_none());
        for (&id, entry) in fresh.take(room) {
            self.begun = id;
            letters.push(TakenLetter::new(LetterId::new(id), entry.letter.clone(), entry.attempts));
        }
        self.take_again(limit, now, &mut letters);
        letters.sort_unstable_by_key(|taken| taken.id);
        let next_due = self.postponed.range((now, i64::MAX)..).next().map(|&(due, _)| due);
        Taken::new(letters, next_due)
    }

    /// Takes letters that were postponed and are due, until there are so many.
    fn take_again(&mut self, until: usize, now: SystemTime, letters: &mut Vec<TakenLetter>) {
        while letters.len() < until {
            let Some(&(due, id)) = self.postponed.first() else { return };
            if due > now {
                return;
            }
            self.postponed.pop_first();
            if let Some(entry) = self.letters.get_mut(&id) {
                entry.due = None;
                letters.push(TakenLetter::new(LetterId::new(id), entry.letter.clone(), entry.attempts));
            }
        }
    }

    fn remove(&mut self, id: LetterId) -> Option<Entry> {
        let entry = self.letters.remove(&id.get())?;
        self.bytes -= weight(entry.letter.body.len());
        if let Some(due) = entry.due {
            self.postponed.remove(&(due, id.get()));
        }
        Some(entry)
    }

    fn postpone(&mut self, id: LetterId, due: SystemTime) {
        let id = id.get();
        let Some(entry) = self.letters.get_mut(&id) else { return };
        if let Some(before) = entry.due.replace(due) {
            self.postponed.remove(&(before, id));
        }
        entry.attempts = entry.attempts.saturating_add(1);
        self.postponed.insert((due, id));
    }

    fn remember(&mut self, event: Fingerprint, now: SystemTime) {
        let handled = seconds(now);
        self.remembered.remember(event, handled);
        self.order.push_back((event, handled));
        while let Some(&(event, handled)) = self.order.front() {
            if self.order.len() <= REMEMBERED && !is_over(handled, now) {
                break;
            }
            self.order.pop_front();
            self.remembered.forget(event, handled);
        }
    }
}

/// 64 MiB.
const CAPACITY: u64 = 64 << 20;
/// How many handled events are remembered.
const REMEMBERED: usize = 100_000;

impl fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("MemoryInbox")
            .field("waiting", &state.letters.len())
            .field("bytes", &state.bytes)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_events_are_remembered_than_there_is_room_for() {
        let event = |number: usize| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            Fingerprint::from_bytes(bytes)
        };
        let now = SystemTime::UNIX_EPOCH;
        let mut state = State::default();
        for number in 0..=REMEMBERED {
            state.remember(event(number), now);
        }
        assert!(!state.remembered.has(event(0), now));
        assert!(state.remembered.has(event(1), now) && state.remembered.has(event(REMEMBERED), now));
        assert_eq!(state.order.len(), REMEMBERED);
    }
}
