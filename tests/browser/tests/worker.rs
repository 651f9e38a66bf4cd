//! A worker has no window: its clock, its alarms and its `fetch` are found all the same.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use b24::B24;
use b24_timer::{Instant, sleep};
use common::hook;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn a_worker_calls_and_waits() {
    assert!(web_sys::window().is_none());
    let start = Instant::now();
    sleep(Duration::from_millis(30)).await;
    assert!(start.elapsed() >= Duration::from_millis(30));
    let time = B24::from_webhook_url(hook()).unwrap().v2().call("server.time").send::<String>().await.unwrap();
    assert!(time.result.starts_with("20"), "{}", time.result);
}
