//! Receiving from a Bitrix24 portal.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod binding;
pub mod html;
pub mod offline;
pub mod reply;
mod rest;

pub use offline::{Doorbell, OfflineEvents};
pub use rest::RestService;
