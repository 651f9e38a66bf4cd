//! Events that one request brought.

use std::{
    collections::HashMap,
    fmt,
    future::{Future, ready},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use b24_core::{Error, SdkCode};

use super::{OfflineEvent, queue::Queue};
use crate::RestService;

/// The future of telling the portal what became of events.
pub type Told = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Events that are reserved for this program, until they are confirmed or reported as failed.
///
/// Dropping it tells the portal nothing: what was not confirmed stays reserved, and comes to nobody but who
/// [reads it again](super::OfflineEventsBuilder::resume), for 34 days after its last change. Then the portal deletes it. A
/// [sole consumer](super::OfflineEventsBuilder::sole_consumer) reads it again by itself.
///
/// The futures of its methods own what they need: they can be spawned, and outlive the batch.
///
/// # Cancel safety
/// Of all its methods: dropped, the portal may have done it or not. Doing it again is safe.
pub struct OfflineBatch<S> {
    process_id: Option<Arc<str>>,
    events: Vec<OfflineEvent>,
    queue: Queue<S>,
    held: Option<Arc<Held>>,
}

impl<S: RestService> OfflineBatch<S> {
    pub(super) fn new(queue: Queue<S>, process_id: Option<Arc<str>>, events: Vec<OfflineEvent>, all: &InHand) -> Self {
        let held = process_id.clone().map(|process_id| Arc::new(Held::new(process_id, all)));
        Self { process_id, events, queue, held }
    }

    /// Under which the events are reserved: what a program stores that wants to take them up again after it was killed.
    /// `None` when they were deleted as they were read.
    #[must_use]
    pub fn process_id(&self) -> Option<&str> {
        self.process_id.as_deref()
    }

    /// The events; never none.
    #[must_use]
    pub fn events(&self) -> &[OfflineEvent] {
        &self.events
    }

    /// Tells the portal that all of these events are done with. Those of the same reservation that are not in this batch stay
    /// reserved. Does nothing where they were deleted as they were read.
    ///
    /// # Errors
    /// Whatever the stack gives. Confirming again is safe, also after a lost answer.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/events/event-offline-clear.html>
    pub fn confirm(&self) -> Told {
        self.confirm_some(self.events.iter().map(|event| event.id))
    }

    /// Like [`confirm`](Self::confirm), for the events with these ids. None is not all: then nothing happens.
    ///
    /// # Errors
    /// As [`confirm`](Self::confirm).
    pub fn confirm_some(&self, ids: impl IntoIterator<Item = u64>) -> Told {
        let ids: Vec<u64> = ids.into_iter().collect();
        self.tell(move |queue, process_id| async move { queue.clear(&process_id, ids).await })
    }

    /// Reports the events with these [message ids](OfflineEvent::message_id) as failed. They are given back with a mark, and
    /// come to [those who ask for failed ones](super::OfflineEventsBuilder::failed) only. None is not all: then nothing
    /// happens.
    ///
    /// Two things to know. Later changes of the same objects join the marked events, and so do not come as new ones until
    /// those are confirmed. And reservations of the same events by other programs are ended.
    ///
    /// # Errors
    /// Whatever the stack gives; trying again is safe. [`SdkCode::InvalidParams`], without sending anything, for events that
    /// came as failed ones: the portal would not give them back, and delete a newer change of the same object. Leave
    /// them unconfirmed. The same for events that were deleted as they were read: the portal has nothing left to mark.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/events/event-offline-error.html>
    pub fn fail(&self, message_ids: impl IntoIterator<Item: Into<String>>) -> Told {
        let refusal = if self.queue.failed {
            Some("events that came as failed ones cannot be reported as failed: leave them unconfirmed")
        } else if self.process_id.is_none() {
            Some("events that were deleted as they were read cannot be reported as failed: the portal has them no more")
        } else {
            None
        };
        if let Some(text) = refusal {
            return Box::pin(ready(Err(Error::usage(SdkCode::InvalidParams, text))));
        }
        let message_ids: Vec<String> = message_ids.into_iter().map(Into::into).collect();
        self.tell(move |queue, process_id| async move { queue.fail(&process_id, message_ids).await })
    }

    /// Keeps the reservation in hand while the portal is told.
    fn tell<F: Future<Output = Result<(), Error>> + Send>(
        &self,
        send: impl FnOnce(Queue<S>, Arc<str>) -> F + Send + 'static,
    ) -> Told {
        let (queue, process_id, held) = (self.queue.clone(), self.process_id.clone(), self.held.clone());
        Box::pin(async move {
            let Some(process_id) = process_id else { return Ok(()) };
            let told = send(queue, process_id).await;
            drop(held);
            told
        })
    }
}

impl<S> fmt::Debug for OfflineBatch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineBatch")
            .field("process_id", &self.process_id)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// How many batches of which reservations this puller has handed out, that somebody still works on. A reservation that is
/// read again in pages is in several.
#[derive(Clone, Default)]
pub(super) struct InHand(Arc<Mutex<HashMap<Arc<str>, usize>>>);

impl InHand {
    pub(super) fn holds(&self, process_id: &str) -> bool {
        self.batches().contains_key(process_id)
    }

    fn batches(&self) -> MutexGuard<'_, HashMap<Arc<str>, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of these batches, until it and all futures it made are dropped.
struct Held {
    process_id: Arc<str>,
    all: InHand,
}

impl Held {
    fn new(process_id: Arc<str>, all: &InHand) -> Self {
        *all.batches().entry(Arc::clone(&process_id)).or_default() += 1;
        Self { process_id, all: all.clone() }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut batches = self.all.batches();
        if let Some(count) = batches.get_mut(&self.process_id) {
            *count -= 1;
            if *count == 0 {
                batches.remove(&self.process_id);
            }
        }
    }
}
