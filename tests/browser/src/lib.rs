//! Tests that are compiled to wasm32 and run in a browser: `cargo xtask wasm`.
//!
//! They are in `tests/`, a file for each concept, and each file begins with
//! `wasm_bindgen_test_configure!(run_in_browser)`. Elsewhere they are empty, so that the workspace builds.
//!
//! `webdriver.json` has the browser's flags; wasm-bindgen's test runner reads it, and so do the tests in
//! `tests/tests/frame_in_browser`. Its resolver rule lets no name but `localhost` be looked up: Chromium would call
//! its maker's hosts otherwise. It has no sandbox, as root could not start it with one, and loads nothing but pages of
//! this project.

/// The webhook of the portal that `cargo xtask wasm` has started for these tests.
///
/// A browser has no environment: the address is compiled in.
pub const HOOK_URL: Option<&str> = option_env!("B24_BROWSER_TEST_PORTAL");
