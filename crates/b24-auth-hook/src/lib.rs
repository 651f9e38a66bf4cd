#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod parse;
mod webhook;

pub use error::HookUrlError;
pub use webhook::Webhook;
