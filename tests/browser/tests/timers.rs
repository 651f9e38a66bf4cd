//! The clock and the alarm of `b24-timer` are the browser's.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{pin::pin, time::Duration};

use b24_timer::{Instant, sleep, unix_time};
use common::{Stub, breathe, get, set, within};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const MS: Duration = Duration::from_millis(1);

#[wasm_bindgen_test]
async fn a_wait_lasts_as_long_as_was_asked() {
    let start = Instant::now();
    sleep(MS * 60).await;
    let took = start.elapsed();
    assert!(took >= MS * 60 && took < MS * 10_000, "{took:?}");
}

#[wasm_bindgen_test]
async fn a_wait_of_no_time_is_done_at_once() {
    sleep(Duration::ZERO).await;
}

#[wasm_bindgen_test]
async fn a_wait_can_be_put_off_and_brought_forward() {
    let start = Instant::now();
    let mut wait = pin!(sleep(MS * 3_600_000));
    assert!(within(MS * 20, wait.as_mut()).await.is_none());
    wait.as_mut().reset(start + MS * 80);
    wait.as_mut().await;
    assert!(start.elapsed() >= MS * 80 && start.elapsed() < MS * 60_000);
    // Also when it had ended.
    wait.as_mut().reset(start + MS * 120);
    wait.await;
    assert!(start.elapsed() >= MS * 120);
}

#[wasm_bindgen_test]
async fn a_dropped_wait_clears_its_timeout() {
    set("alarm", &JsValue::UNDEFINED);
    set("cleared", &JsValue::UNDEFINED);
    let set_stub = Stub::of_page("setTimeout", "f, ms", "return globalThis.alarm = before(f, ms);");
    let wait = sleep(MS * 3_600_000);
    // The task that sets it begins with the next turn of the event loop.
    wasm_bindgen_futures::JsFuture::from(js_sys::Promise::resolve(&JsValue::NULL)).await.unwrap();
    drop(set_stub);
    let _clear =
        Stub::of_page("clearTimeout", "id", "if (id === globalThis.alarm) globalThis.cleared = id; before(id);");
    assert!(get("alarm").is_truthy());
    drop(wait);
    breathe().await;
    assert_eq!(get("cleared"), get("alarm"));
}

#[wasm_bindgen_test]
async fn a_wait_of_more_than_31_bits_of_milliseconds_does_not_end_at_once() {
    set("longest", &0.into());
    let stub = Stub::of_page(
        "setTimeout",
        "f, ms",
        "globalThis.longest = Math.max(globalThis.longest, ms); return before(f, ms);",
    );
    for days in [25_u32, 60, u32::MAX] {
        let wait = sleep(MS * 86_400 * 1000 * days.min(400));
        assert!(within(MS * 40, wait).await.is_none(), "{days}");
    }
    assert!(within(MS * 40, sleep(Duration::MAX)).await.is_none());
    drop(stub);
    assert_eq!(get("longest").as_f64(), Some(f64::from(i32::MAX)));
}

#[wasm_bindgen_test]
async fn a_browser_that_rings_early_is_asked_again() {
    let start = Instant::now();
    let stub = Stub::of_page("setTimeout", "f, ms", "return before(f, ms / 4);");
    sleep(MS * 80).await;
    drop(stub);
    assert!(start.elapsed() >= MS * 80, "{:?}", start.elapsed());
}

#[wasm_bindgen_test]
async fn waits_run_side_by_side() {
    let start = Instant::now();
    let waits = (0..50).map(|_| sleep(MS * 50));
    futures_util::future::join_all(waits).await;
    assert!(start.elapsed() < MS * 50 * 25, "{:?}", start.elapsed());
}

#[wasm_bindgen_test]
async fn the_clock_goes_on_and_the_time_of_day_is_the_pages() {
    let (start, day) = (Instant::now(), unix_time());
    breathe().await;
    assert!(Instant::now() > start && unix_time() > day);
    let page = Duration::from_secs_f64(js_sys::Date::now() / 1000.0);
    assert!(page.abs_diff(unix_time()) < Duration::from_secs(5));
}
