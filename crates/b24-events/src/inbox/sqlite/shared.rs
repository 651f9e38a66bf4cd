//! What callers read without asking the thread.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU8, AtomicUsize, Ordering},
};

use super::gone;
use crate::inbox::{InboxError, remembered::Remembered};

#[derive(Debug, Default)]
pub(super) struct Shared {
    /// What the file says was handled.
    remembered: Mutex<Remembered>,
    waiting: AtomicUsize,
    /// [`OPEN`], [`CLOSED`] or [`DEAD`].
    state: AtomicU8,
}

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const DEAD: u8 = 2;

impl Shared {
    pub(super) fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    pub(super) fn set_waiting(&self, waiting: usize) {
        self.waiting.store(waiting, Ordering::Release);
    }

    pub(super) fn check(&self) -> Result<(), InboxError> {
        if self.state.load(Ordering::Acquire) == OPEN { Ok(()) } else { Err(gone()) }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state.load(Ordering::Acquire) == CLOSED
    }

    pub(super) fn set_closed(&self) {
        self.state.store(CLOSED, Ordering::Release);
    }

    /// The thread has ended. Unless it closed the file before, it has died.
    pub(super) fn set_ended(&self) {
        // The thread is the only one who writes.
        if !self.is_closed() {
            self.state.store(DEAD, Ordering::Release);
        }
    }
}
