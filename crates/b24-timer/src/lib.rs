#![doc = include_str!("../README.md")]

mod alarm;
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
mod browser;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
mod native;

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
use browser as platform;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use native as platform;

pub use alarm::{Sleep, sleep, sleep_until};
pub use platform::{Instant, unix_time};
