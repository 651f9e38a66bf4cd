//! All parameters together.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{AdaptiveDelay, InvalidRestrictions, OperatingLimit, Preset, RateLimit, RestrictionsPatch, patch};
use crate::RetryPolicy;

/// Everything that holds calls back or sends them again.
///
/// A JSON object with the official SDK's names reads into it, merged field by field over the preset that it names; see
/// [`RestrictionsPatch`]. Its `maxRetries` counts what follows the first send, where the official SDK counts sends.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Restrictions {
    /// How many calls a second; `None` for a portal that has no such limit, as self-hosted ones.
    pub rate: Option<RateLimit>,
    /// How much of the portal's time a method may take.
    pub operating: OperatingLimit,
    /// Slowing down before that limit is reached.
    pub adaptive_delay: AdaptiveDelay,
    /// What is sent again.
    pub retry: RetryPolicy,
}

impl Restrictions {
    /// The Enterprise plan: 250 calls at once, 5 a second, three sends.
    #[must_use]
    pub fn enterprise() -> Self {
        Preset::Enterprise.restrictions()
    }

    /// Jobs that have time: 30 calls at once, 1 a second, which leaves the rest of a portal's rate to others; slows down
    /// at half of the operating limit; five sends.
    #[must_use]
    pub fn batch_processing() -> Self {
        Preset::BatchProcessing.restrictions()
    }

    /// Callers who would rather know at once: the default rate, no adaptive delay, one send.
    #[must_use]
    pub fn realtime() -> Self {
        Preset::Realtime.restrictions()
    }

    /// The default with the rate of a plan, told by the licence's name: see [`RateLimit::from_tariff`].
    #[must_use]
    pub fn from_tariff(name: &str) -> Self {
        Self { rate: RateLimit::from_tariff(name), ..Self::default() }
    }

    /// A portal of one's own, which limits no rate: calls go out as they come. What the portal tells of operating time
    /// still counts.
    #[must_use]
    pub fn self_hosted() -> Self {
        Self { rate: None, ..Self::default() }
    }

    /// Checks every number.
    ///
    /// # Errors
    /// [`InvalidRestrictions`] names the first one that makes no sense.
    pub fn check(&self) -> Result<(), InvalidRestrictions> {
        if let Some(rate) = &self.rate {
            rate.check()?;
        }
        self.operating.check()?;
        self.adaptive_delay.check()?;
        patch::check_retry(&self.retry)
    }

    /// These parameters with those of `patch` in their place. A preset that the patch names comes first.
    ///
    /// # Errors
    /// [`InvalidRestrictions`] when the outcome makes no sense.
    pub fn merged(&self, patch: &RestrictionsPatch) -> Result<Self, InvalidRestrictions> {
        let merged = patch.over(self);
        merged.check()?;
        Ok(merged)
    }
}

impl Default for Restrictions {
    /// Every plan but Enterprise: 50 calls at once, 2 a second, three sends.
    fn default() -> Self {
        Self {
            rate: Some(RateLimit::default()),
            operating: OperatingLimit::default(),
            adaptive_delay: AdaptiveDelay::default(),
            retry: RetryPolicy::default(),
        }
    }
}

impl Serialize for Restrictions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RestrictionsPatch::whole(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Restrictions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let patch = RestrictionsPatch::deserialize(deserializer)?;
        Self::default().merged(&patch).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    // https://github.com/bitrix24/b24jssdk, section 3 of its contract: the numbers of its presets.
    #[test]
    fn presets_have_the_numbers_of_the_official_sdk() {
        for (preset, burst, drain, heavy, threshold, coefficient, most, retries) in [
            (Preset::Default, 50.0, 2.0, 80.0, 80.0, 0.01, 7_000, 2),
            (Preset::Enterprise, 250.0, 5.0, 80.0, 80.0, 0.01, 7_000, 2),
            (Preset::BatchProcessing, 30.0, 1.0, 50.0, 50.0, 0.015, 10_000, 4),
            (Preset::Realtime, 50.0, 2.0, 80.0, 100.0, 0.001, 480_000, 0),
        ] {
            let Restrictions { rate, operating, adaptive_delay, retry } = preset.restrictions();
            assert_eq!(rate, Some(RateLimit { burst, drain_per_second: drain, adaptive: true }));
            let want = OperatingLimit {
                window: Duration::from_millis(600_000),
                limit: Duration::from_millis(480_000),
                heavy_percent: heavy,
            };
            assert_eq!(operating, want);
            let want = AdaptiveDelay {
                enabled: preset != Preset::Realtime,
                threshold_percent: threshold,
                coefficient,
                max_delay: Duration::from_millis(most),
            };
            assert_eq!(adaptive_delay, want);
            assert_eq!((retry.max_retries(), retry.retry_delay()), (retries, Duration::from_secs(1)));
            preset.restrictions().check().unwrap();
        }
    }

    // Defect 4 of the official SDK: a partial setting replaced everything else, and nothing was sent any more.
    #[test]
    fn a_part_is_merged_and_replaces_nothing_else() {
        let patch: RestrictionsPatch = serde_json::from_value(json!({"rateLimit": {"burstLimit": 5}})).unwrap();
        let merged = Restrictions::enterprise().merged(&patch).unwrap();
        assert_eq!(merged.rate, Some(RateLimit::new(5.0, 5.0)));
        assert_eq!(Restrictions { rate: Restrictions::enterprise().rate, ..merged }, Restrictions::enterprise());
    }

    #[test]
    fn what_is_written_reads_back() {
        for restrictions in [
            Restrictions::default(),
            Restrictions::enterprise(),
            Restrictions::batch_processing(),
            Restrictions::realtime(),
            Restrictions::self_hosted(),
        ] {
            let text = serde_json::to_string(&restrictions).unwrap();
            assert_eq!(serde_json::from_str::<Restrictions>(&text).unwrap(), restrictions, "{text}");
        }
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (bad, field) in [
            (json!({"rateLimit": {"burstLimit": 0}}), "rateLimit.burstLimit"),
            (json!({"rateLimit": {"burstLimit": 0.99}}), "rateLimit.burstLimit"),
            (json!({"rateLimit": {"burstLimit": -5}}), "rateLimit.burstLimit"),
            (json!({"rateLimit": {"drainRate": 0}}), "rateLimit.drainRate"),
            (json!({"rateLimit": {"drainRate": -1}}), "rateLimit.drainRate"),
            (json!({"rateLimit": {"drainRate": 1e300}}), "rateLimit.drainRate"),
            (json!({"operatingLimit": {"windowMs": 0}}), "operatingLimit.windowMs"),
            (json!({"operatingLimit": {"windowMs": 1000, "limitMs": 2000}}), "operatingLimit.limitMs"),
            (json!({"operatingLimit": {"heavyPercent": 101}}), "operatingLimit.heavyPercent"),
            (json!({"adaptiveConfig": {"coefficient": -0.1}}), "adaptiveConfig.coefficient"),
            (json!({"adaptiveConfig": {"thresholdPercent": 1000}}), "adaptiveConfig.thresholdPercent"),
            (json!({"adaptiveConfig": {"maxDelay": -1}}), "maxDelay"),
            (json!({"retryDelay": -1}), "retryDelay"),
            (json!({"retryDelay": 1e12}), "retryDelay"),
            (json!({"maxRetries": -1}), ""),
            (json!({"maxRetry": 1}), "maxRetry"),
            (json!({"preset": "fast"}), "fast"),
            (json!({"retryOnNetworkError": "maybe"}), "retryOnNetworkError"),
            (json!({"rateLimit": {"burst": 1}}), "burst"),
        ] {
            let error = serde_json::from_value::<Restrictions>(bad.clone()).unwrap_err().to_string();
            assert!(error.contains(field), "{bad}: {error}");
        }
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let burst = Restrictions { rate: Some(RateLimit::new(bad, 1.0)), ..Restrictions::default() };
            assert_eq!(burst.check().unwrap_err().field(), "rateLimit.burstLimit");
            let drain = Restrictions { rate: Some(RateLimit::new(1.0, bad)), ..Restrictions::default() };
            assert_eq!(drain.check().unwrap_err().field(), "rateLimit.drainRate");
        }
    }
}
