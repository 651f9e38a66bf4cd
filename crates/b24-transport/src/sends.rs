//! How often one call really went over the wire.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// Counts the sends of one call, as the step next to the HTTP client sees them. It travels with the request, so that a
/// layer in between that sends again cannot hide an earlier send: one that may have run stays so.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sends(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: AtomicU32,
    unsent: AtomicU32,
}

impl Sends {
    pub(crate) fn begin(&self) {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// One that was begun turned out not to have left.
    pub(crate) fn was_not_sent(&self) {
        self.0.unsent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn attempts(&self) -> u32 {
        self.0.begun.load(Ordering::Relaxed)
    }

    pub(crate) fn may_have_run(&self) -> bool {
        self.0.begun.load(Ordering::Relaxed) > self.0.unsent.load(Ordering::Relaxed)
    }
}
