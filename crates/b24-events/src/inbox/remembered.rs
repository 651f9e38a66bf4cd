//! Which events were handled.

use std::{
    collections::HashMap,
    time::{SystemTime, UNIX_EPOCH},
};

use super::REMEMBERED_FOR;
use crate::Fingerprint;

/// The events that were handled not long ago: 21 bytes each, in a table that doubles.
///
/// It bounds nothing: whoever owns it knows their order, and forgets the oldest.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    events: HashMap<Fingerprint, Seconds>,
}

/// Seconds since 1970, until 2106.
pub(super) type Seconds = u32;

impl Remembered {
    pub(super) fn remember(&mut self, event: Fingerprint, handled: Seconds) {
        self.events.insert(event, handled);
    }

    /// Forgets that it was handled at this time; not that it was handled again later.
    pub(super) fn forget(&mut self, event: Fingerprint, handled: Seconds) {
        if self.events.get(&event) == Some(&handled) {
            self.events.remove(&event);
        }
    }

    pub(super) fn has(&self, event: Fingerprint, now: SystemTime) -> bool {
        self.events.get(&event).is_some_and(|&handled| !is_over(handled, now))
    }
}

/// Whether an event of this time is not remembered any more. One of the future is: the clock was set back.
pub(super) fn is_over(handled: Seconds, now: SystemTime) -> bool {
    u64::from(seconds(now).saturating_sub(handled)) >= REMEMBERED_FOR.as_secs()
}

pub(super) fn seconds(time: SystemTime) -> Seconds {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| Seconds::try_from(since.as_secs()).unwrap_or(Seconds::MAX))
}
