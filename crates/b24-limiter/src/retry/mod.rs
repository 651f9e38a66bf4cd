//! Sending again what may be sent again, and nothing else.
//!
//! The question is *did the call run?*, not *is the error temporary?* A deal that is created twice costs more than one
//! that has to be created by hand.
//!
//! | outcome | sent again? |
//! |---|---|
//! | refused in front of the method: too fast, too much; no connection was made | yes, every call |
//! | open: time ran out, connection lost, 5xx | only if the call is idempotent: a read, said so by the caller, or a v3 write with its `Idempotency-Key` |
//! | any other word of the portal: 4xx, hard and soft codes, an error with status 200 | never |
//!
//! A key is not a proof: the portal keeps under it only answers with status 200, and two sends that are under way at
//! once may both run. It makes a double rare, where a v2 write would make it likely; a write that must not be doubled at
//! any price is sent with `max_retries(0)` and looked for before it is repeated.
//!
//! From a browser no key can be sent, because portals do not permit its header: there a v3 write is as a v2 one.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
//!
//! It belongs above whatever attaches credentials and limits the rate, so that each send has fresh ones and waits its own
//! turn:
//!
//! ```text
//! right:  Trace -> Retry -> Auth -> Rest
//! wrong:  Trace -> Auth -> Retry -> Rest     every repeat carries the credentials that were refused
//! ```
//!
//! ```
//! use std::time::Duration;
//! use b24_limiter::{RetryLayer, RetryPolicy};
//!
//! // Three sends at most, a second between the first two, more after that.
//! let layer = RetryLayer::new(RetryPolicy::default());
//! // A nightly job that has time.
//! let patient = RetryPolicy::batch_processing().with_retry_delay(Duration::from_secs(5));
//! let layer = RetryLayer::new(patient);
//! ```

mod backoff;
mod budget;
mod decide;
mod future;
mod layer;
mod policy;
mod service;
mod shared;

pub use future::ResponseFuture;
pub use layer::RetryLayer;
pub use policy::RetryPolicy;
pub use service::Retry;
