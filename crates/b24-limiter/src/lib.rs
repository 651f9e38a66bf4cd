#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod retry;

pub use retry::{Retry, RetryLayer, RetryPolicy};
