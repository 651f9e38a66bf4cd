//! How much of the portal's time a method may take.

use std::time::Duration;

use super::{InvalidRestrictions, invalid};

/// The portal's budget of working time for each credential and method.
///
/// Source: <https://apidocs.bitrix24.com/settings/performance/limits.html>
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OperatingLimit {
    /// Over which time the portal adds up. Default: ten minutes.
    pub window: Duration,
    /// How much of it a method may take. Default: 480 s; a method waits 5 s before that.
    pub limit: Duration,
    /// Above which share of the limit a call counts as heavy in the statistics, in percent. Default: 80.
    pub heavy_percent: f64,
}

impl OperatingLimit {
    pub(super) fn check(&self) -> Result<(), InvalidRestrictions> {
        let seconds = Duration::from_secs(1)..=invalid::DAY;
        invalid::duration("operatingLimit.windowMs", self.window, seconds, "a second to a day")?;
        let part = Duration::from_millis(1)..=self.window;
        invalid::duration("operatingLimit.limitMs", self.limit, part, "above 0, and not longer than windowMs")?;
        let percent = "a percentage from 0 to 100";
        invalid::number("operatingLimit.heavyPercent", self.heavy_percent, 0.0..=100.0, percent)
    }
}

/// From which sum on a method with this limit waits: 5 s before it, as in the official SDK, at least a second.
pub(crate) fn threshold(limit: Duration) -> Duration {
    limit.saturating_sub(Duration::from_secs(5)).max(Duration::from_secs(1))
}

impl Default for OperatingLimit {
    fn default() -> Self {
        Self { window: Duration::from_secs(600), limit: Duration::from_secs(480), heavy_percent: 80.0 }
    }
}
