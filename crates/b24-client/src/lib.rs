#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod aggregate;
mod api;
mod call;
mod client;
mod tools;
pub mod trace;

pub use aggregate::Aggregate;
pub use api::Api;
pub use call::Call;
pub use client::Client;
pub use trace::{Trace, TraceLayer};
