//! Some of the parameters, under their names in JSON.

use std::time::Duration;

use b24_core::RetryOnNetworkError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AdaptiveDelay, InvalidRestrictions, OperatingLimit, Preset, RateLimit, Restrictions, invalid};
use crate::RetryPolicy;

/// Any part of [`Restrictions`], to be merged over others: what is absent stays as it is. Times are in milliseconds.
///
/// ```json
/// {"preset": "default|enterprise|batchProcessing|realtime",
///  "rateLimit": {"burstLimit", "drainRate", "adaptiveEnabled"},
///  "operatingLimit": {"windowMs", "limitMs", "heavyPercent"},
///  "adaptiveConfig": {"enabled", "thresholdPercent", "coefficient", "maxDelay"},
///  "maxRetries", "retryDelay", "retryOnNetworkError": true|false|"auto",
///  "hardErrorCodes": [], "softErrorCodes": []}
/// ```
///
/// `"rateLimit": null` takes the limit away; lists of codes are added to those that are there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct RestrictionsPatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    preset: Option<Preset>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    rate_limit: Option<Option<RatePatch>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operating_limit: Option<OperatingPatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    adaptive_config: Option<AdaptivePatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_delay: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_on_network_error: Option<RetryOnNetworkError>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hard_error_codes: Vec<Box<str>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    soft_error_codes: Vec<Box<str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct RatePatch {
    burst_limit: Option<f64>,
    drain_rate: Option<f64>,
    adaptive_enabled: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct OperatingPatch {
    window_ms: Option<Millis>,
    limit_ms: Option<Millis>,
    heavy_percent: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct AdaptivePatch {
    enabled: Option<bool>,
    threshold_percent: Option<f64>,
    coefficient: Option<f64>,
    max_delay: Option<Millis>,
}

impl RestrictionsPatch {
    /// All of `restrictions`.
    pub(super) fn whole(restrictions: &Restrictions) -> Self {
        let Restrictions { rate, operating, adaptive_delay, retry } = restrictions;
        Self {
            preset: None,
            rate_limit: Some(rate.map(|rate| RatePatch {
                burst_limit: Some(rate.burst),
                drain_rate: Some(rate.drain_per_second),
                adaptive_enabled: Some(rate.adaptive),
            })),
            operating_limit: Some(OperatingPatch {
                window_ms: Some(Millis(operating.window)),
                limit_ms: Some(Millis(operating.limit)),
                heavy_percent: Some(operating.heavy_percent),
            }),
            adaptive_config: Some(AdaptivePatch {
                enabled: Some(adaptive_delay.enabled),
                threshold_percent: Some(adaptive_delay.threshold_percent),
                coefficient: Some(adaptive_delay.coefficient),
                max_delay: Some(Millis(adaptive_delay.max_delay)),
            }),
            max_retries: Some(retry.max_retries()),
            retry_delay: Some(Millis(retry.retry_delay())),
            retry_on_network_error: Some(retry.retry_on_network_error()),
            hard_error_codes: retry.hard_codes().to_vec(),
            soft_error_codes: retry.soft_codes().to_vec(),
        }
    }

    /// `base`, or the preset that is named, with what is here in its place.
    pub(super) fn over(&self, base: &Restrictions) -> Restrictions {
        let base = self.preset.map_or_else(|| base.clone(), Preset::restrictions);
        Restrictions {
            rate: match self.rate_limit {
                None => base.rate,
                Some(None) => None,
                Some(Some(patch)) => Some(patch.over(base.rate.unwrap_or_default())),
            },
            operating: self.operating_limit.unwrap_or_default().over(base.operating),
            adaptive_delay: self.adaptive_config.unwrap_or_default().over(base.adaptive_delay),
            retry: self.retry_over(base.retry),
        }
    }

    fn retry_over(&self, mut policy: RetryPolicy) -> RetryPolicy {
        if let Some(max_retries) = self.max_retries {
            policy = policy.with_max_retries(max_retries);
        }
        if let Some(Millis(delay)) = self.retry_delay {
            policy = policy.with_retry_delay(delay);
        }
        if let Some(choice) = self.retry_on_network_error {
            policy = policy.with_retry_on_network_error(choice);
        }
        policy.with_hard_codes(self.hard_error_codes.clone()).with_soft_codes(self.soft_error_codes.clone())
    }
}

impl RatePatch {
    fn over(self, base: RateLimit) -> RateLimit {
        RateLimit {
            burst: self.burst_limit.unwrap_or(base.burst),
            drain_per_second: self.drain_rate.unwrap_or(base.drain_per_second),
            adaptive: self.adaptive_enabled.unwrap_or(base.adaptive),
        }
    }
}

impl OperatingPatch {
    fn over(self, base: OperatingLimit) -> OperatingLimit {
        OperatingLimit {
            window: self.window_ms.map_or(base.window, |Millis(window)| window),
            limit: self.limit_ms.map_or(base.limit, |Millis(limit)| limit),
            heavy_percent: self.heavy_percent.unwrap_or(base.heavy_percent),
        }
    }
}

impl AdaptivePatch {
    fn over(self, base: AdaptiveDelay) -> AdaptiveDelay {
        AdaptiveDelay {
            enabled: self.enabled.unwrap_or(base.enabled),
            threshold_percent: self.threshold_percent.unwrap_or(base.threshold_percent),
            coefficient: self.coefficient.unwrap_or(base.coefficient),
            max_delay: self.max_delay.map_or(base.max_delay, |Millis(delay)| delay),
        }
    }
}

pub(super) fn check_retry(policy: &RetryPolicy) -> Result<(), InvalidRestrictions> {
    invalid::duration("retryDelay", policy.retry_delay(), Duration::ZERO..=invalid::DAY, "at most a day")
}

/// A value that is there, and may be null.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Millis(Duration);

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0.as_secs_f64() * 1000.0)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        // What is no duration becomes one that no field takes: the check then names the field.
        Ok(Self(Duration::try_from_secs_f64(millis / 1000.0).unwrap_or(Duration::MAX)))
    }
}
