//! The default HTTP client in a browser: the `fetch` of the page or the worker.
//!
//! * A call has no cookies, no referrer, and no part in the browser's cache.
//! * No redirect is followed. A browser does not say what kind of redirect it was, nor where to: it comes as a `302`
//!   without headers and body.
//! * Headers that a browser writes itself are left off: `user-agent`, `host`, `content-length`. Of an answer's headers it
//!   shows those that the portal permits it to.
//! * A `fetch` that fails says nothing of why, and not whether the request has left. So it counts as sent, also when the
//!   browser says that it is offline: that is its guess, and the portal may be in the same building.
//! * A browser asks with `OPTIONS` before it calls. What goes wrong with that question, a redirect of it included, is a
//!   `fetch` that failed.
//! * Dropping the future or the body aborts the `fetch`. Nothing is sent before the first poll.
//!
//! TLS, connections, compression and proxies are the browser's.

mod body;
mod future;
mod request;
mod service;
mod task;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use service::HttpClient;
