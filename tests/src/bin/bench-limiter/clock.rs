//! A clock that stands still until it is sent to the next alarm.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use b24::limiter::timer::{Sleep, Timer};

/// The clock; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct VirtualClock(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    now: Duration,
    /// How many alarms there were.
    count: u64,
    /// Those that somebody waits for: when, which, and whom to wake.
    alarms: BTreeMap<(Duration, u64), Waker>,
}

impl VirtualClock {
    /// Goes to the next alarm and lets it ring; false when there is none.
    pub(crate) fn advance(&self) -> bool {
        let Some(((at, _), waker)) = self.state().alarms.pop_first() else { return false };
        let mut state = self.state();
        state.now = state.now.max(at);
        drop(state);
        waker.wake();
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Timer for VirtualClock {
    fn now(&self) -> Duration {
        self.state().now
    }

    fn unix_time(&self, now: Duration) -> Duration {
        Duration::from_secs(1_800_000_000) + now
    }

    fn sleep(&self, time: Duration) -> Sleep {
        let mut state = self.state();
        state.count += 1;
        Box::pin(Alarm { key: (state.now.saturating_add(time), state.count), clock: self.clone() })
    }
}

struct Alarm {
    key: (Duration, u64),
    clock: VirtualClock,
}

impl Future for Alarm {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if self.key.0 <= state.now {
            return Poll::Ready(());
        }
        state.alarms.insert(self.key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.clock.state().alarms.remove(&self.key);
    }
}
