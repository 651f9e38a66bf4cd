//! Which events are being handled at this moment.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use crate::Fingerprint;

/// The events that are being handled; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashSet<Fingerprint>>>);

/// An event that is being handled by whoever holds this.
#[derive(Debug)]
pub(super) struct Claim {
    all: UnderWay,
    event: Fingerprint,
}

impl UnderWay {
    /// Claims an event; `None` while another delivery of it is being handled.
    pub(super) fn claim(&self, event: Fingerprint) -> Option<Claim> {
        let new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(event);
        new.then(|| Claim { all: self.clone(), event })
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.event);
    }
}
