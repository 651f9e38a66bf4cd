#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod aggregate;
mod api;
pub mod batch;
pub mod bulk;
mod call;
mod client;
mod exchange;
pub mod list;
mod service;
mod tools;
pub mod trace;

pub use aggregate::Aggregate;
pub use api::{V2, V3};
pub use batch::Batch;
pub use bulk::Bulk;
pub use call::Call;
pub use client::Client;
pub use list::{List, Tail};
pub use service::ResponseFuture;
pub use trace::{Trace, TraceLayer};
