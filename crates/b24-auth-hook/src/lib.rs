#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(any(not(all(target_arch = "wasm32", target_os = "unknown")), feature = "expose-secret-in-browser"))]
mod construct;
mod error;
#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "expose-secret-in-browser"))]
mod exposed;
#[cfg(any(not(all(target_arch = "wasm32", target_os = "unknown")), feature = "expose-secret-in-browser"))]
mod parse;
mod webhook;

pub use error::HookUrlError;
pub use webhook::Webhook;
