//! Sets of parameters with a name.

use std::{error::Error, fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{AdaptiveDelay, OperatingLimit, RateLimit, Restrictions};
use crate::RetryPolicy;

/// The names of the presets; in text `default`, `enterprise`, `batchProcessing`, `realtime`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Preset {
    /// [`Restrictions::default`].
    #[default]
    Default,
    /// [`Restrictions::enterprise`].
    Enterprise,
    /// [`Restrictions::batch_processing`].
    BatchProcessing,
    /// [`Restrictions::realtime`].
    Realtime,
}

impl Preset {
    /// The parameters behind the name.
    #[must_use]
    pub fn restrictions(self) -> Restrictions {
        let default = Restrictions::default();
        match self {
            Self::Default => default,
            Self::Enterprise => Restrictions { rate: Some(RateLimit::enterprise()), ..default },
            Self::BatchProcessing => Restrictions {
                rate: Some(RateLimit::new(30.0, 1.0)),
                operating: OperatingLimit { heavy_percent: 50.0, ..default.operating },
                adaptive_delay: AdaptiveDelay {
                    enabled: true,
                    threshold_percent: 50.0,
                    coefficient: 0.015,
                    max_delay: Duration::from_secs(10),
                },
                retry: RetryPolicy::batch_processing(),
            },
            Self::Realtime => Restrictions {
                adaptive_delay: AdaptiveDelay {
                    enabled: false,
                    threshold_percent: 100.0,
                    coefficient: 0.001,
                    max_delay: Duration::from_secs(480),
                },
                retry: RetryPolicy::realtime(),
                ..default
            },
        }
    }
}

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, UnknownPreset> {
        match name {
            "default" => Ok(Self::Default),
            "enterprise" => Ok(Self::Enterprise),
            "batchProcessing" => Ok(Self::BatchProcessing),
            "realtime" => Ok(Self::Realtime),
            _ => Err(UnknownPreset),
        }
    }
}

/// No preset has this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownPreset;

impl fmt::Display for UnknownPreset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no preset has this name; there are default, enterprise, batchProcessing, realtime")
    }
}

impl Error for UnknownPreset {}
