#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod classify;
pub mod limiter;
mod line;
mod operating;
pub mod quota;
mod rate;
pub mod restriction;
pub mod retry;
pub mod settings;
pub mod stats;
mod sync;
pub mod timer;

/// Which calls go first: what [`Spend`](classify::Spend) and the [`HttpClassifier`](classify::HttpClassifier) take.
pub use b24_core::Priority;
pub use limiter::{Limiter, Limiters, Permit, Rejection};
pub use restriction::{Restriction, RestrictionLayer};
pub use retry::{Retry, RetryLayer, RetryPolicy};
pub use settings::Restrictions;
