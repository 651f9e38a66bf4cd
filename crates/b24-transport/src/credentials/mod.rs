//! Writing credentials to the wire: the last step before the HTTP client.

mod attach;
mod future;
mod service;

pub use future::ResponseFuture;
pub use service::Credentials;

pub(crate) use attach::{PLACEHOLDER, check};
pub(crate) use service::Passage;
