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

/// Whose operating counters the time of a v2 batch goes to, and whose are checked.
///
/// Servers differ. The weight is the share of the batch's time that is counted for `batch`: about 0.5 where it was
/// seen. A weight of zero checks `batch` but never fills it. A v3 batch is billed to `batch` alone and in full,
/// whatever stands here.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum BatchBilling {
    /// Each command's to its own method; `batch` itself is neither counted nor checked. That is what the
    /// [documentation](https://apidocs.bitrix24.com/settings/performance/limits.html) says.
    #[default]
    Commands,
    /// Each command's to its own method, and that of the whole to `batch` at this weight: what the newest servers'
    /// sources say.
    CommandsAndBatch(f64),
    /// That of the whole to `batch` at this weight, and nothing else: inside a batch no method is counted or refused.
    ///
    /// Every entry of `result_time` tells the counter of `batch`. Commands that refer to `$time` find none in it: it is
    /// known when all of them have run.
    ///
    /// Measured on a self-hosted portal of September 2026: <https://github.com/bitrix24/b24jssdk/pull/539>
    BatchOnly(f64),
}

/// The limits of a portal.
///
/// ```
/// use std::time::Duration;
/// use b24_portal::{BatchBilling, Limits, Overrun};
///
/// let limits = Limits::default()
///     .with_rate(5, 250)
///     .with_operating(Duration::from_secs(420))
///     .with_overrun(Overrun::Ban)
///     .with_batch_billing(BatchBilling::BatchOnly(0.5));
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
    pub(crate) batch_billing: BatchBilling,
    pub(crate) shared_batch_key: bool,
    pub(crate) report_operating: bool,
}

impl BatchBilling {
    /// The share of its time that `batch` itself is billed; nothing where it is not even checked.
    pub(crate) fn weight(self) -> Option<f64> {
        match self {
            Self::Commands => None,
            Self::CommandsAndBatch(weight) | Self::BatchOnly(weight) => Some(weight),
        }
    }

    /// Whether the methods inside a batch are counted and checked.
    pub(crate) fn bills_commands(self) -> bool {
        !matches!(self, Self::BatchOnly(_))
    }
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

    /// Whose counters a v2 batch fills. By default those of its commands' methods, the documented way.
    #[must_use]
    pub fn with_batch_billing(mut self, billing: BatchBilling) -> Self {
        self.batch_billing = billing;
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
            batch_billing: BatchBilling::Commands,
            shared_batch_key: true,
            report_operating: true,
        }
    }
}
