//! Applications in the portal's frame, in headless Chromium, end to end.
//!
//! They need a browser and the built applications: `cargo xtask wasm` has both, and elsewhere they say that they are
//! skipped. Most drive `tests/frame-probe`, which does with the public API what it is told.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

#[path = "../support/browser.rs"]
mod browser;
mod example;
mod handshake;
mod hostile;
mod machine;
mod page;
mod placement;
mod probe;
mod secrets;
mod tokens;
