#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
#[cfg(all(feature = "http-client", not(all(target_arch = "wasm32", target_os = "unknown"))))]
#[cfg_attr(docsrs, doc(cfg(feature = "http-client")))]
pub mod client;
#[cfg(all(feature = "http-client", target_arch = "wasm32", target_os = "unknown"))]
#[path = "fetch/mod.rs"]
pub mod client;
pub mod credentials;
mod error;
mod place;
pub mod rest;
mod sends;

pub use body::Body;
#[cfg(feature = "http-client")]
#[cfg_attr(docsrs, doc(cfg(feature = "http-client")))]
pub use client::HttpClient;
#[cfg(all(feature = "http-client", not(all(target_arch = "wasm32", target_os = "unknown"))))]
#[cfg_attr(docsrs, doc(cfg(feature = "http-client")))]
pub use client::HttpClientBuilder;
pub use credentials::Credentials;
pub use error::HttpError;
pub use rest::{Rest, RestLayer};
