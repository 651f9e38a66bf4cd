//! Who waits for the worker to come to rest.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Those who wait until there is nothing left to do.
#[derive(Debug)]
pub(crate) struct Waiting(
    /// `None` once there is no worker.
    Mutex<Option<Vec<oneshot::Sender<()>>>>,
);

impl Waiting {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }

    /// Adds one. What it gets is closed when there is no worker any more.
    pub(crate) fn add(&self) -> oneshot::Receiver<()> {
        let (tell, told) = oneshot::channel();
        self.put_back(vec![tell]);
        told
    }

    /// All of them, to be told after the next look into the inbox.
    pub(crate) fn take(&self) -> Vec<oneshot::Sender<()>> {
        self.lock().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Has them wait for another look.
    pub(crate) fn put_back(&self, those: Vec<oneshot::Sender<()>>) {
        if let Some(all) = self.lock().as_mut() {
            all.extend(those);
        }
    }

    /// Nobody is told any more, and nobody waits.
    pub(crate) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<oneshot::Sender<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
