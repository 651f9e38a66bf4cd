//! The default HTTP client: hyper with a connection pool, TLS, gzip, HTTP/2 and proxies from the environment.
//!
//! No redirect is followed. Nothing is connected, read or spawned before the first call.

mod body;
mod builder;
mod connect;
mod future;
mod proxy;
mod service;
mod tls;

pub use body::ResponseBody;
pub use builder::HttpClientBuilder;
pub use future::ResponseFuture;
pub use service::HttpClient;
