//! What an event service and its worker have in common.

mod clock;
mod door;
mod stats;
mod waiting;

use std::sync::Arc;

pub(crate) use clock::Clock;
pub(crate) use door::Door;
pub use stats::Stats;
pub(crate) use stats::{Counters, add};
use tokio::sync::Notify;
pub(crate) use waiting::Waiting;

use crate::Inbox;

pub(crate) struct Shared {
    pub(crate) inbox: Arc<dyn Inbox>,
    pub(crate) counters: Counters,
    pub(crate) clock: Clock,
    /// Rings when something was kept.
    pub(crate) bell: Notify,
    /// Whether deliveries are taken.
    pub(crate) door: Door,
    /// Who waits for the worker to come to rest.
    pub(crate) waiting: Waiting,
}

impl Shared {
    pub(crate) fn new(inbox: Arc<dyn Inbox>, clock: Clock) -> Self {
        Self {
            inbox,
            counters: Counters::default(),
            clock,
            bell: Notify::new(),
            door: Door::default(),
            waiting: Waiting::new(),
        }
    }
}
