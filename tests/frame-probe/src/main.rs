//! An application in the portal's frame that does what a test tells it, with the public API of `b24`.
//!
//! A task is JSON in the text area `task`, `{"id": 7, "run": "call", "with": {…}}`, and begins at a click on `run`. Its
//! outcome is JSON in `outcome-7`. Tasks run side by side. `tests/tests/frame` has the tests.

#[cfg(target_arch = "wasm32")]
mod desk;
#[cfg(target_arch = "wasm32")]
mod log;
#[cfg(target_arch = "wasm32")]
mod outcome;
#[cfg(target_arch = "wasm32")]
mod tasks;

#[cfg(target_arch = "wasm32")]
fn main() {
    log::begin();
    desk::open();
}

#[cfg(not(target_arch = "wasm32"))]
#[allow(clippy::print_stderr, reason = "a program says what it is for")]
fn main() {
    eprintln!("this program runs in a browser: `cargo xtask wasm` builds it for the tests");
}
