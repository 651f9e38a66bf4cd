//! What is pulled, and how.

use std::{collections::VecDeque, fmt, future::Future, time::Duration};

use b24_core::{Error, Order};

use super::{
    Doorbell, OfflineEvents,
    pull::{Plan, Puller, Resume},
    queue::{Query, Queue, Reservation},
};
use crate::RestService;

/// Settings of [`OfflineEvents`]. Nothing is sent until the first event is asked for.
#[must_use = "settings do nothing until events are asked for"]
pub struct OfflineEventsBuilder<S> {
    plan: Plan<S>,
    bell: Doorbell,
}

impl<S: RestService> OfflineEventsBuilder<S> {
    pub(super) fn new(service: S) -> Self {
        let plan = Plan {
            queue: Queue { service, connector: None, failed: false },
            query: Query { event: None, order: None, limit: PAGE, delete: false },
            resume: VecDeque::new(),
            sole: false,
            every: MINUTE,
        };
        Self { plan, bell: Doorbell::new() }
    }

    /// Events of this name only, such as `ONCRMDEALADD`. Default: all that were bound as offline events.
    ///
    /// One name, because the portal refuses a list in this filter. For some names out of many, use a puller for each: they
    /// share the queue and get in nobody's way.
    pub fn event(mut self, name: &str) -> Self {
        // They are kept in capital letters, and not every database is blind to that.
        self.plan.query.event = Some(name.to_ascii_uppercase());
        self
    }

    /// In which order they come, by `ID`, `TIMESTAMP_X`, `EVENT_NAME` and `MESSAGE_ID`. Default: the portal's, oldest change
    /// first. What is read again comes by `ID` always.
    pub fn order(mut self, order: Order) -> Self {
        self.plan.query.order = Some(order);
        self
    }

    /// How many events a batch has at most. Default: 50. At least 1.
    pub fn page_size(mut self, events: u32) -> Self {
        self.plan.query.limit = events.max(1);
        self
    }

    /// The queue of this key: the one that the handlers were [bound](crate::binding::Binding::with_auth_connector) with.
    /// Default: the queue without a key.
    ///
    /// A program that changes what it also watches needs one: it adds the parameter `auth_connector` with the same key to
    /// each of its writes, and what it writes then does not come back to it as an event. Without a key all writes of the
    /// application are left out of its queue, those of its users in the application too. Portals have this in some plans
    /// only, and refuse the parameter with status 403 in others.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/events/offline-events.html>
    pub fn auth_connector(mut self, key: &str) -> Self {
        self.plan.queue.connector = Some(key.into());
        self
    }

    /// The events that were [reported as failed](super::OfflineBatch::fail), in place of the others.
    pub fn failed(mut self) -> Self {
        self.plan.queue.failed = true;
        self
    }

    /// First reads again what is reserved under this id: a batch that an earlier run of the program has taken and not
    /// confirmed. It comes whole, whatever its events are called. Can be said for several ids. One that is unknown,
    /// confirmed by now, or empty brings nothing.
    pub fn resume(mut self, process_id: &str) -> Self {
        // The portal trims it, and takes an empty one for the rows that nobody has reserved.
        let process_id = process_id.trim();
        if !process_id.is_empty() && !self.plan.resume.iter().any(|known| known.is_of(process_id)) {
            self.plan.resume.push_back(Resume::new(process_id.into()));
        }
        self
    }

    /// Says that no other program, and no other puller, takes from this queue: whatever is reserved there and in no batch of
    /// this puller is left over, and is read again. It is looked for at the start, after each taking whose answer was lost,
    /// and each time that [`poll_every`](Self::poll_every) has passed, which is one request more. So a batch that was dropped
    /// without being confirmed, or whose confirmation failed, comes again.
    ///
    /// Without this, what a lost answer held stays reserved under an id that nobody was told, and comes again never: see
    /// [`reservations`](Self::reservations). Where several programs share a queue, this would take away what the others are
    /// working on.
    pub fn sole_consumer(mut self) -> Self {
        self.plan.sole = true;
        self
    }

    /// Lets the portal delete events as it hands them out: **each comes once at most**. What a lost answer held, and
    /// what the program had not finished when it ended, is gone.
    ///
    /// It is for portals whose plan cannot reserve: they answer `WRONG_LICENSE` with status 403 to everything else. Nothing
    /// falls back to this by itself.
    pub fn delete_on_read(mut self) -> Self {
        self.plan.query.delete = true;
        self
    }

    /// How long it waits until it asks again, after it has found nothing more or has failed. Default: a minute. At least a
    /// second. It goes on beside a [`doorbell`](Self::doorbell): the portal does not repeat a ring that was not heard.
    pub fn poll_every(mut self, time: Duration) -> Self {
        self.plan.every = time.max(SHORTEST);
        self
    }

    /// Asks at once when this bell rings.
    pub fn doorbell(mut self, bell: &Doorbell) -> Self {
        self.bell = bell.clone();
        self
    }

    /// What is reserved in this queue and not confirmed, by whomever: for programs that share a queue and know which ids are
    /// theirs. One request for each 50 events. Changes nothing.
    ///
    /// # Errors
    /// Whatever the stack gives.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/events/event-offline-list.html>
    pub fn reservations(&self) -> impl Future<Output = Result<Vec<Reservation>, Error>> + Send + use<S> {
        self.plan.queue.clone().reservations()
    }

    /// The puller.
    pub fn build(self) -> OfflineEvents<S> {
        let Self { mut plan, bell } = self;
        // Nothing is left over where nothing is reserved, and portals that cannot reserve would refuse to read again.
        plan.sole &= !plan.query.delete;
        OfflineEvents::of(Puller::new(plan, bell))
    }
}

impl<S> fmt::Debug for OfflineEventsBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineEventsBuilder")
            .field("auth_connector", &self.plan.queue.connector)
            .field("event", &self.plan.query.event)
            .field("delete_on_read", &self.plan.query.delete)
            .field("poll_every", &self.plan.every)
            .finish_non_exhaustive()
    }
}

const PAGE: u32 = 50;
const MINUTE: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_secs(1);
