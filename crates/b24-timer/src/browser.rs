//! The browser's clock.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_channel::oneshot;
use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use wasm_bindgen_futures::spawn_local;
/// A moment of the clock that never goes back.
pub use web_time::Instant;
use web_time::{SystemTime, UNIX_EPOCH};

/// The time of day, since the Unix epoch. It may jump.
#[must_use]
pub fn unix_time() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// An alarm of the event loop. What belongs to JavaScript stays in a task there, so that this may be `Send`; it ends with
/// this.
#[derive(Debug)]
pub(crate) struct Alarm {
    rings: oneshot::Receiver<()>,
}

pub(crate) fn alarm(deadline: Instant) -> Alarm {
    let (mut ring, rings) = oneshot::channel();
    spawn_local(async move {
        while let Some(millis) = millis_until(deadline) {
            // The one who waits has gone: dropping the timeout clears it.
            if let Either::Right(_) = select(TimeoutFuture::new(millis), ring.cancellation()).await {
                return;
            }
        }
        let _ = ring.send(());
    });
    Alarm { rings }
}

/// Milliseconds for one `setTimeout`, rounded up; `None` when the moment has come. A browser may ring early, and takes no
/// more than 31 bits.
fn millis_until(deadline: Instant) -> Option<u32> {
    let left = deadline.saturating_duration_since(Instant::now());
    (!left.is_zero()).then(|| {
        let millis = left.as_micros().div_ceil(1000).min(i32::MAX as u128);
        u32::try_from(millis).unwrap_or(u32::MAX)
    })
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // The task ends only by ringing while somebody listens.
        Pin::new(&mut self.rings).poll(cx).map(|_| ())
    }
}
