//! The mutex of everything that is shared: std's, and loom's where interleavings are explored.

use std::{fmt, sync::PoisonError};

#[cfg(b24_loom)]
use loom::sync as imp;
#[cfg(not(b24_loom))]
use std::sync as imp;

pub(crate) use imp::MutexGuard;

/// A mutex that does not care about panics: what it holds is whole between any two statements.
#[derive(Default)]
pub(crate) struct Mutex<T>(imp::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(imp::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mutex")
    }
}
