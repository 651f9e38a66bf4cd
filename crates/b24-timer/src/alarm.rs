//! Waiting.

use std::{
    future::Future,
    marker::PhantomPinned,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use pin_project_lite::pin_project;

use crate::platform::{Alarm, Instant, alarm};

/// Waits for this long.
///
/// # Panics
/// Outside of a browser, when there is no tokio runtime with a time driver.
pub fn sleep(time: Duration) -> Sleep {
    // A wait beyond the clock's end is one of thirty years.
    let now = Instant::now();
    sleep_until(now.checked_add(time).unwrap_or_else(|| now + FAR))
}

/// Waits until this moment.
///
/// # Panics
/// As [`sleep`].
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep { deadline, alarm: alarm(deadline), stays: PhantomPinned }
}

const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);

pin_project! {
    /// The future of [`sleep`].
    ///
    /// # Cancel safety
    /// Dropping it ends the wait and leaves nothing behind.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Sleep {
        deadline: Instant,
        #[pin]
        alarm: Alarm,
        // tokio's has a place in a list and must stay where it is: what compiles in a browser has to compile elsewhere.
        #[pin]
        stays: PhantomPinned,
    }
}

impl Sleep {
    /// When it ends.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Waits until another moment, also when it had ended.
    pub fn reset(self: Pin<&mut Self>, deadline: Instant) {
        let mut this = self.project();
        *this.deadline = deadline;
        this.alarm.set(alarm(deadline));
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().alarm.poll(cx)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_at_its_moment_and_can_be_put_off() {
        let start = Instant::now();
        let mut wait = std::pin::pin!(sleep(Duration::from_secs(3)));
        wait.as_mut().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        wait.as_mut().reset(start + Duration::from_secs(10));
        assert_eq!(wait.deadline(), start + Duration::from_secs(10));
        wait.await;
        assert_eq!(start.elapsed(), Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_beyond_the_clocks_end_does_not_panic() {
        let wait = std::pin::pin!(sleep(Duration::MAX));
        assert!(tokio::time::timeout(Duration::from_secs(1), wait).await.is_err());
    }

    #[test]
    fn waits_may_cross_threads() {
        fn is_send<T: Send + Sync>() {}
        is_send::<Sleep>();
    }
}
