#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
#[cfg(feature = "http-client")]
#[cfg_attr(docsrs, doc(cfg(feature = "http-client")))]
pub mod client;
pub mod credentials;
mod error;
pub mod rest;
mod sends;

pub use body::Body;
#[cfg(feature = "http-client")]
#[cfg_attr(docsrs, doc(cfg(feature = "http-client")))]
pub use client::{HttpClient, HttpClientBuilder};
pub use credentials::Credentials;
pub use error::HttpError;
pub use rest::{Rest, RestLayer};
