#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
pub mod batch;
pub mod bulk;
mod call;
mod client;
mod exchange;
pub mod list;
pub mod trace;

pub use api::{V2, V3};
pub use batch::Batch;
pub use bulk::Bulk;
pub use call::Call;
pub use client::Client;
pub use list::{List, Tail};
pub use trace::{Trace, TraceLayer};
