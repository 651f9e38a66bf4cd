//! The limits of a portal and their defaults by plan.

use std::time::Duration;

/// The tariff of the portal: it decides the request rate.
///
/// Source: <https://apidocs.bitrix24.com/settings/performance/limits.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Plan {
    /// Two requests a second, a burst of 50.
    #[default]
    Standard,
    /// Five requests a second, a burst of 250.
    Enterprise,
}

/// What follows when a method used up its operating time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overrun {
    /// Refused until enough of the last ten minutes has passed: the documented way.
    #[default]
    Window,
    /// Refused for 300 s flat, then a full budget: the newest servers.
    Ban,
}

/// The limits of a portal.
///
/// ```
/// use std::time::Duration;
/// use b24_portal::{Limits, Overrun};
///
/// let limits = Limits::default()
///     .with_rate(5, 250)
///     .with_operating(Duration::from_secs(420))
///     .with_overrun(Overrun::Ban);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub(crate) rate: bool,
    pub(crate) leak: u32,
    pub(crate) burst: u32,
    pub(crate) refused_count: bool,
    pub(crate) drain_phase: Duration,
    pub(crate) operating: Option<Duration>,
    pub(crate) overrun: Overrun,
    pub(crate) batch_weight: Option<f64>,
    pub(crate) shared_batch_key: bool,
    pub(crate) report_operating: bool,
}

impl Limits {
    /// No limiter at all, as a self-hosted portal; `operating` is not reported either, nor the `X-Bitrix-Rest-…` headers.
    #[must_use]
    pub fn off() -> Self {
        Self { rate: false, operating: None, report_operating: false, ..Self::default() }
    }

    /// The request rate of a plan; everything else as by default.
    #[must_use]
    pub fn of(plan: Plan) -> Self {
        match plan {
            Plan::Standard => Self::default(),
            Plan::Enterprise => Self::default().with_rate(5, 250),
        }
    }

    /// Whether nothing limits the portal: what only the cloud tells about is not told then.
    pub(crate) fn is_self_hosted(&self) -> bool {
        !self.rate && self.operating.is_none()
    }

    /// Sets the leaky bucket: `leak` requests a second drain, above `burst` waiting ones are refused.
    #[must_use]
    pub fn with_rate(mut self, leak: u32, burst: u32) -> Self {
        (self.rate, self.leak, self.burst) = (true, leak, burst);
        self
    }

    /// Takes the leaky bucket away.
    #[must_use]
    pub fn without_rate(mut self) -> Self {
        self.rate = false;
        self
    }

    /// Whether a refused request fills the bucket as well. Not documented; no by default.
    #[must_use]
    pub fn with_refused_count(mut self, counts: bool) -> Self {
        self.refused_count = counts;
        self
    }

    /// The offset of the once-a-second drain from the whole second of the portal's clock.
    #[must_use]
    pub fn with_drain_phase(mut self, phase: Duration) -> Self {
        self.drain_phase = phase;
        self
    }

    /// Sets the operating limit: this much handler time per credential and method in ten minutes. 480 s by default.
    #[must_use]
    pub fn with_operating(mut self, limit: Duration) -> Self {
        self.operating = Some(limit);
        self
    }

    /// Takes the operating limit away; `operating` is then not reported either.
    #[must_use]
    pub fn without_operating(mut self) -> Self {
        self.operating = None;
        self
    }

    /// What follows an overrun of the operating limit.
    #[must_use]
    pub fn with_overrun(mut self, overrun: Overrun) -> Self {
        self.overrun = overrun;
        self
    }

    /// How much of its time the outer `batch` costs itself: the newest servers count half.
    ///
    /// `None`, the documented way and the default, neither counts nor checks it; `Some(0.0)` checks but never fills.
    #[must_use]
    pub fn with_batch_weight(mut self, weight: Option<f64>) -> Self {
        self.batch_weight = weight;
        self
    }

    /// Whether subcommands of webhook batches share one counter per method over all webhooks, as the server does.
    #[must_use]
    pub fn with_shared_batch_key(mut self, shared: bool) -> Self {
        self.shared_batch_key = shared;
        self
    }

    /// Whether `time` tells `operating` and `operating_reset_at`. Yes by default.
    #[must_use]
    pub fn with_operating_reported(mut self, reported: bool) -> Self {
        self.report_operating = reported;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate: true,
            leak: 2,
            burst: 50,
            refused_count: false,
            drain_phase: Duration::ZERO,
            operating: Some(Duration::from_secs(480)),
            overrun: Overrun::Window,
            batch_weight: None,
            shared_batch_key: true,
            report_operating: true,
        }
    }
}
