//! The page that these tests run in.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use b24_browser_tests::HOOK_URL;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
fn a_page_has_a_clock() {
    assert!(web_sys::window().unwrap().performance().unwrap().now() > 0.0);
}

#[wasm_bindgen_test]
fn a_portal_was_started_for_these_tests() {
    assert!(HOOK_URL.unwrap().starts_with("http://127.0.0.1:"));
}
