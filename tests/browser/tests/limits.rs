//! Limits and repeats wait by the browser's clock.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use b24::{B24, Limiter, Restrictions, RetryPolicy, limiter::settings::RateLimit};
use b24_timer::Instant;
use common::{Stub, fetches, hook, within};
use futures_util::future::join_all;
use serde_json::Value;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const MS: Duration = Duration::from_millis(1);
const HOOK: &str = "https://p.bitrix24.com/rest/1/s3cr3t/";
const LOST: &str = "return Promise.reject(new TypeError('Failed to fetch'));";

/// Repeats come soon, and nothing else makes a call wait.
fn hasty() -> B24 {
    let mut restrictions = Restrictions::default();
    restrictions.rate = None;
    let limiter = Limiter::builder().restrictions(restrictions).build().unwrap();
    B24::builder().limiter(limiter).retry(RetryPolicy::default().with_retry_delay(MS)).webhook_url(HOOK).unwrap()
}

#[wasm_bindgen_test]
async fn calls_take_turns_at_the_rate_of_the_portal() {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(1.0, 20.0));
    let limiter = Limiter::builder().restrictions(restrictions).build().unwrap();
    let b24 = B24::builder().limiter(limiter).webhook_url(hook()).unwrap();
    let start = Instant::now();
    let calls = (0..7).map(|_| b24.v2().call("server.time").send::<String>());
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    // Six of them wait, 50 ms each.
    assert!(start.elapsed() >= MS * 280, "{:?}", start.elapsed());
    assert!(b24.stats().waits.count >= 5, "{:?}", b24.stats());
}

#[wasm_bindgen_test]
async fn a_turn_that_comes_too_late_is_not_waited_for() {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(1.0, 0.01));
    let limiter = Limiter::builder().restrictions(restrictions).build().unwrap();
    let b24 = B24::builder().limiter(limiter).webhook_url(hook()).unwrap();
    b24.v2().call("server.time").send::<String>().await.unwrap();
    let late = b24.v2().call("server.time").deadline(MS * 500).send::<String>().await.unwrap_err();
    assert_eq!(late.code(), "LIMIT_WAIT_TOO_LONG");
    assert!(within(MS * 50, b24.v2().call("server.time").send::<String>()).await.is_none());
}

#[wasm_bindgen_test]
async fn a_refused_call_is_sent_again_after_the_wait_that_was_asked_for() {
    let _stub = Stub::fetch(
        "return Promise.resolve(globalThis.fetches === 1
            ? new Response('{\"error\":\"QUERY_LIMIT_EXCEEDED\",\"error_description\":\"\"}',
                           { status: 503, headers: { 'retry-after': '1' } })
            : new Response('{\"result\":true}'));",
    );
    let start = Instant::now();
    let reply = hasty().v2().call("crm.deal.add").send::<bool>().await.unwrap();
    assert!(reply.result && fetches() == 2.0);
    assert!(start.elapsed() >= MS * 1000, "{:?}", start.elapsed());
}

#[wasm_bindgen_test]
async fn a_read_whose_answer_is_lost_is_sent_again_and_a_write_of_v3_is_not() {
    let _stub = Stub::fetch(LOST);
    let error = hasty().v2().call("profile").send::<Value>().await.unwrap_err();
    assert_eq!((error.attempts(), fetches()), (3, 3.0));
    let error = hasty().v3().call("tasks.task.add").send::<Value>().await.unwrap_err();
    assert_eq!((error.attempts(), error.may_have_run(), fetches()), (1, true, 4.0));
}

#[wasm_bindgen_test]
async fn an_idempotency_key_is_refused_before_sending() {
    let _stub = Stub::fetch(LOST);
    let call = hasty().v3().call("tasks.task.add").idempotency_key("order-4711").send::<Value>();
    let error = call.await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run(), fetches()), ("UNSUPPORTED_IN_BROWSER", false, 0.0));
}
