//! The span of a call: `b24.call`, from the first wait to the last answer, with the field names of
//! [`b24_core::keys`]. Never a full URL, a parameter or a secret.

mod future;
mod layer;
mod service;

pub use future::ResponseFuture;
pub use layer::TraceLayer;
pub use service::Trace;
