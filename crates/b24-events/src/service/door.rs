//! Whether deliveries are taken, and who is still being let in.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{RwLock, RwLockReadGuard};

/// Open until it is shut, once.
#[derive(Debug, Default)]
pub(crate) struct Door {
    shut: AtomicBool,
    /// Read while a delivery is being kept, so that whoever has shut it can wait for those.
    keeping: RwLock<()>,
}

impl Door {
    pub(crate) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::SeqCst)
    }

    /// Lets a delivery in, which is waited for as long as it holds what it gets; `None` once it is shut.
    pub(crate) async fn enter(&self) -> Option<RwLockReadGuard<'_, ()>> {
        let inside = self.keeping.read().await;
        // Behind the lock: who passed before it was shut is waited for.
        (!self.is_shut()).then_some(inside)
    }

    pub(crate) fn shut(&self) {
        self.shut.store(true, Ordering::SeqCst);
    }

    /// Waits until everything is kept that was let in before it was shut.
    pub(crate) async fn all_kept(&self) {
        drop(self.keeping.write().await);
    }
}
