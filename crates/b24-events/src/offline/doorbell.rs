//! Says that there is something to fetch.

use std::sync::Arc;

use tokio::sync::watch;

/// Wakes pullers that wait; to be rung by the handler of `ONOFFLINEEVENT`. Clones ring the same bell.
///
/// A ring while a puller is at work is not lost: it asks once more. Any number of rings before it asks count as one.
///
/// ```
/// use b24_events::{Doorbell, OfflineEvents, RestService};
///
/// fn pull<S: RestService>(b24: S) -> (Doorbell, OfflineEvents<S>) {
///     let bell = Doorbell::new();
///     // The other one goes to the handler of ONOFFLINEEVENT, which calls `bell.ring()`.
///     (bell.clone(), OfflineEvents::builder(b24).doorbell(&bell).build())
/// }
/// ```
///
/// Source: <https://apidocs.bitrix24.com/api-reference/events/on-offline-event.html>
#[derive(Clone, Debug)]
pub struct Doorbell(Arc<watch::Sender<()>>);

impl Doorbell {
    /// A bell that nobody hears yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rings it. Never waits.
    pub fn ring(&self) {
        self.0.send_replace(());
    }

    pub(super) fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}

impl Default for Doorbell {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(())))
    }
}
