//! Whether there is a worker.

use std::sync::Arc;

use crate::shared::Shared;

/// Dropped with the worker, however that ends, and also if it was never begun.
pub(super) struct Presence(pub(super) Arc<Shared>);

impl Drop for Presence {
    fn drop(&mut self) {
        // What nobody will handle and nobody keeps must not be answered as if it were.
        if self.0.inbox.forgets() {
            self.0.door.shut();
        }
        self.0.waiting.close();
    }
}
