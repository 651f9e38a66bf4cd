//! Keeping within the portal's limits, as a layer for any tower stack.
//!
//! Each send waits until the portal's limits allow it: first for the operating time of its method, then, where that is
//! nearly used up, for a short delay, then for its turn in the rate. Answers and refusals are learned from.
//!
//! It belongs below whatever sends again or attaches credentials, so that every send takes its own turn:
//!
//! ```text
//! right:  Retry -> Auth -> Restriction -> HTTP
//! wrong:  Restriction -> Retry -> HTTP       repeats are not counted, and the portal refuses
//! ```
//!
//! In a stack of any HTTP client:
//!
//! ```
//! use b24_limiter::{RestrictionLayer, classify::HttpClassifier, settings::Restrictions};
//! use tower::{ServiceBuilder, service_fn};
//!
//! # type Body = String;
//! # let client = service_fn(|_: http::Request<Body>| async { Ok::<_, std::io::Error>(http::Response::new(Body::new())) });
//! let limits = RestrictionLayer::new(Restrictions::default())?.with_classifier(HttpClassifier::new());
//! let client = ServiceBuilder::new().layer(limits).service(client);
//! # fn is_service<S: tower::Service<http::Request<Body>>>(_: S) {}
//! # is_service(client);
//! # Ok::<(), b24_limiter::settings::InvalidRestrictions>(())
//! ```
//!
//! With a limiter of one's own, and calls that rather fail than wait for longer than five seconds:
//!
//! ```
//! use std::time::Duration;
//! use b24_limiter::{Limiter, RestrictionLayer, settings::Restrictions};
//!
//! let limiter = Limiter::new(Restrictions::enterprise())?;
//! let layer = RestrictionLayer::with_limiter(limiter.clone()).with_max_wait(Duration::from_secs(5));
//! # let _: RestrictionLayer<_, b24_limiter::restriction::Bounded> = layer;
//! # Ok::<(), b24_limiter::settings::InvalidRestrictions>(())
//! ```

mod future;
mod layer;
mod patience;
mod service;
mod source;

pub use future::ResponseFuture;
pub use layer::RestrictionLayer;
pub use patience::{Patience, Patient};
pub use service::Restriction;

pub use crate::limiter::Bounded;
