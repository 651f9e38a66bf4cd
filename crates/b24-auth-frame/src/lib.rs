#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod browser;
pub mod conversation;
pub mod dialog;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod elsewhere;
mod error;
mod frame;
pub mod options;
mod parent;
mod placement;
pub mod protocol;
pub mod slider;
#[cfg(test)]
mod testing;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use browser as window;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use elsewhere as window;

pub use auth::{FrameAuth, GrantFuture};
pub use conversation::{Conversation, Delivery, Events};
pub use dialog::Dialog;
pub use error::FrameError;
pub use frame::Frame;
pub use options::Options;
pub use parent::Parent;
pub use placement::Placement;
pub use slider::Slider;
