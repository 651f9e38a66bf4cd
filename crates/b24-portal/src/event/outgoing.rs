//! Letters on their way, and the memory of them.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

/// A letter that is to be posted to a handler, `application/x-www-form-urlencoded`.
///
/// [`Engine::take_deliveries`](crate::Engine::take_deliveries) gives them; a [`Portal`](crate::Portal) posts them itself.
/// `Debug` shows neither the body nor the address, which may carry secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct OutgoingEvent {
    /// The name of the event in upper case, or the code of the robot.
    pub event: String,
    /// Where to.
    pub url: String,
    /// The form.
    pub body: Bytes,
    /// How long to wait first.
    pub delay: Duration,
    /// Whether it is no letter of the portal's, but one that a fault made up.
    pub forged: bool,
    /// Whether it gets lost: it is not to be posted.
    pub lost: bool,
}

/// What became of a letter.
///
/// [`Portal::deliveries`](crate::Portal::deliveries) gives them, in the order they were sent.
/// `Debug` shows neither the body nor the address, which may carry secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct EventDelivery {
    /// The name of the event in upper case, or the code of the robot.
    pub event: String,
    /// Where to.
    pub url: String,
    /// The form as sent.
    pub body: Bytes,
    /// Which attempt it was: 1, and more only with
    /// [`event_retries`](crate::PortalBuilder::event_retries).
    pub attempt: u32,
    /// Whether it is no letter of the portal's, but one that a fault made up.
    pub forged: bool,
    /// How it was answered.
    pub fate: DeliveryFate,
}

/// How a letter was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryFate {
    /// Not yet.
    UnderWay,
    /// With this status.
    Answered(StatusCode),
    /// Not at all, for this reason.
    Failed(String),
    /// A fault took it; it was never sent.
    Lost,
}

impl EventDelivery {
    /// The status, where there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self.fate {
            DeliveryFate::Answered(status) => Some(status),
            _ => None,
        }
    }
}

/// The most recent deliveries.
#[derive(Debug, Default)]
pub(crate) struct DeliveryLog {
    kept: VecDeque<EventDelivery>,
    bytes: usize,
    /// The number of the first that is kept.
    first: u64,
    limit: usize,
}

/// How many bytes of deliveries are kept.
const MAX_BYTES: usize = 64 << 20;

impl DeliveryLog {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Remembers a delivery; gives the number it is known by.
    pub(crate) fn push(&mut self, delivery: EventDelivery) -> u64 {
        let number = self.first + self.kept.len() as u64;
        self.bytes += delivery.size();
        self.kept.push_back(delivery);
        while self.kept.len() > self.limit || (self.bytes > MAX_BYTES && self.kept.len() > 1) {
            self.bytes -= self.kept.pop_front().map_or(0, |gone| gone.size());
            self.first += 1;
        }
        number
    }

    /// Notes how a delivery ended, if it is still known.
    pub(crate) fn settle(&mut self, number: u64, fate: DeliveryFate) {
        let place = number.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        if let Some(delivery) = place.and_then(|place| self.kept.get_mut(place)) {
            delivery.fate = fate;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.first += self.kept.len() as u64;
        (self.kept, self.bytes) = (VecDeque::new(), 0);
    }

    pub(crate) fn all(&self) -> Vec<EventDelivery> {
        self.kept.iter().cloned().collect()
    }
}

impl EventDelivery {
    fn size(&self) -> usize {
        self.event.len() + self.url.len() + self.body.len()
    }
}

impl fmt::Debug for OutgoingEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingEvent")
            .field("event", &self.event)
            .field("body_len", &self.body.len())
            .field("delay", &self.delay)
            .field("forged", &self.forged)
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EventDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventDelivery")
            .field("event", &self.event)
            .field("body_len", &self.body.len())
            .field("attempt", &self.attempt)
            .field("forged", &self.forged)
            .field("fate", &self.fate)
            .finish_non_exhaustive()
    }
}
