//! Being told as it happens.

use std::{fmt, time::Duration};

/// Is told what the limiter does, as it does it: a place for metrics. Every method has a default that does nothing.
///
/// It is called on the tasks that make calls, so it must be quick and never wait.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use b24_limiter::stats::{Observer, Waited};
///
/// #[derive(Debug, Default)]
/// struct WaitedMillis(AtomicU64);
///
/// impl Observer for WaitedMillis {
///     fn waited(&self, event: &Waited<'_>) {
///         self.0.fetch_add(event.wait.as_millis() as u64, Ordering::Relaxed);
///     }
/// }
/// ```
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// A send goes after a wait.
    fn waited(&self, event: &Waited<'_>) {
        let _ = event;
    }

    /// A call is not sent, because it would have to wait too long.
    fn rejected(&self, event: &Rejected<'_>) {
        let _ = event;
    }

    /// A send is over.
    fn answered(&self, event: &Answered<'_>) {
        let _ = event;
    }

    /// The portal refused a send as too fast, and all senders pause.
    fn paused(&self, event: &Paused) {
        let _ = event;
    }
}

/// A call is not sent, because it would have to wait too long.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rejected<'a> {
    /// The method, where it is known.
    pub method: Option<&'a str>,
    /// How long it would have had to wait, at least.
    pub wait: Duration,
}

/// A send goes after a wait.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Waited<'a> {
    /// The method, where it is known.
    pub method: Option<&'a str>,
    /// How long.
    pub wait: Duration,
}

/// A send is over.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Answered<'a> {
    /// The method, where it is known.
    pub method: Option<&'a str>,
    /// How long it took.
    pub duration: Duration,
    /// The code of its error; `None` when it succeeded.
    pub code: Option<&'a str>,
    /// The operating time that the answer told.
    pub operating: Option<Duration>,
}

/// All senders pause.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Paused {
    /// How long.
    pub pause: Duration,
    /// The calls a second after it.
    pub drain_per_second: f64,
}
