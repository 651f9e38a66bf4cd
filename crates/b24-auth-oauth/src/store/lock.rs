//! The lock of a renewal.

use std::{any::Any, fmt};

/// Keeps others from renewing the same tokens; dropping it lets them.
#[must_use = "the lock is gone when it is dropped"]
pub struct RenewalLock {
    _guard: Option<Box<dyn Any + Send>>,
}

impl RenewalLock {
    /// A lock that ends when `guard` is dropped.
    pub fn new(guard: impl Send + 'static) -> Self {
        Self { _guard: Some(Box::new(guard)) }
    }

    /// No lock at all.
    pub fn none() -> Self {
        Self { _guard: None }
    }
}

impl fmt::Debug for RenewalLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RenewalLock").finish_non_exhaustive()
    }
}
