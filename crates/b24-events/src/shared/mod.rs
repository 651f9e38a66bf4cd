//! What an event service and its worker have in common.

mod door;
mod stats;
mod waiting;

use std::{sync::Arc, time::SystemTime};

pub(crate) use door::Door;
pub use stats::Stats;
pub(crate) use stats::{Counters, add};
use tokio::sync::Notify;
pub(crate) use waiting::Waiting;

use crate::Inbox;

/// Tells the time of day. Tests bring their own.
pub(crate) type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

pub(crate) struct Shared {
    pub(crate) inbox: Arc<dyn Inbox>,
    pub(crate) counters: Counters,
    clock: Clock,
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

    pub(crate) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}
