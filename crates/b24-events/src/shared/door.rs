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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use futures_util::{FutureExt, future::poll_immediate};

    use super::*;

    #[tokio::test]
    async fn whoever_is_inside_is_waited_for_and_nobody_comes_after() {
        let door = Door::default();
        let inside = door.enter().await.unwrap();
        door.shut();
        let mut all_kept = Box::pin(door.all_kept());
        assert!(poll_immediate(&mut all_kept).await.is_none());
        // Behind the one who waits for those inside.
        let mut late = Box::pin(door.enter());
        assert!(poll_immediate(&mut late).await.is_none());
        drop(inside);
        all_kept.await;
        assert!(late.await.is_none());
        assert!(door.enter().now_or_never().unwrap().is_none());
    }
}
