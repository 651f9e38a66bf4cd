//! What the restriction manager keeps to: presets, single fields, checks.
//!
//! Every number of a portal's limits can be said in Rust, or as JSON with the field names of the official SDK:
//!
//! ```
//! use b24_limiter::settings::{RateLimit, Restrictions};
//!
//! let mut restrictions = Restrictions::enterprise();
//! restrictions.retry = restrictions.retry.with_max_retries(4);
//!
//! let same: Restrictions = serde_json::from_str(r#"{"preset": "enterprise", "maxRetries": 4}"#)?;
//! assert_eq!(same, restrictions);
//!
//! let nonsense = serde_json::from_str::<Restrictions>(r#"{"rateLimit": {"burstLimit": 0.5}}"#);
//! assert!(nonsense.unwrap_err().to_string().contains("rateLimit.burstLimit"));
//! # Ok::<(), serde_json::Error>(())
//! ```

mod adaptive;
mod invalid;
mod operating;
mod patch;
mod preset;
mod rate;
mod restrictions;

pub use adaptive::AdaptiveDelay;
pub use invalid::InvalidRestrictions;
pub use operating::OperatingLimit;
pub(crate) use operating::threshold;
pub use patch::RestrictionsPatch;
pub use preset::{Preset, UnknownPreset};
pub use rate::RateLimit;
pub use restrictions::Restrictions;
