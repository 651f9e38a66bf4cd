//! What the client asks of `fetch`, and when it aborts it.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use b24::{B24, ErrorKind};
use common::{Stub, breathe, fetches, seen, within};
use js_sys::{Array, Reflect};
use serde_json::{Value, json};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

const MS: Duration = Duration::from_millis(1);
const HOOK: &str = "https://p.bitrix24.com/rest/1/s3cr3t/";
const NEVER: &str = "return new Promise(() => {});";
const ENDLESS: &str = "return Promise.resolve(new Response(new ReadableStream(
    { pull(controller) { controller.enqueue(new Uint8Array(1000)); } })));";
const STALLED: &str = "return Promise.resolve(new Response(new ReadableStream(
    { start(controller) { controller.enqueue(new Uint8Array(10)); } })));";
const TRUE: &str = "return Promise.resolve(new Response('{\"result\":true}'));";

fn b24() -> B24 {
    B24::from_webhook_url(HOOK).unwrap()
}

#[wasm_bindgen_test]
async fn a_request_carries_nothing_of_the_browser_and_only_permitted_headers() {
    let _stub = Stub::fetch(TRUE);
    b24().v3().call("tasks.task.add").params(json!({ "fields": {} })).send::<bool>().await.unwrap();
    let request = seen();
    let option = |name: &str| Reflect::get(&request, &name.into()).unwrap().as_string().unwrap();
    for (name, want) in [
        ("method", "POST"),
        ("mode", "cors"),
        ("credentials", "omit"),
        ("cache", "no-store"),
        ("referrerPolicy", "no-referrer"),
        ("redirect", "manual"),
    ] {
        assert_eq!(option(name), want, "{name}");
    }
    let names = js_sys::try_iter(&request.headers()).unwrap().unwrap();
    let names: Vec<_> = names.map(|pair| Array::from(&pair.unwrap()).get(0).as_string().unwrap()).collect();
    assert_eq!(names, ["accept", "content-type"]);
    assert!(request.url().starts_with("https://p.bitrix24.com/rest/api/1/s3cr3t/tasks.task.add?"));
    let body = JsFuture::from(request.text().unwrap()).await.unwrap().as_string().unwrap();
    assert_eq!(body, r#"{"fields":{}}"#);
    breathe().await;
    assert!(!request.signal().aborted(), "a call that is done aborts nothing");
}

#[wasm_bindgen_test]
async fn time_that_runs_out_aborts_and_the_call_may_have_run() {
    let _stub = Stub::fetch(NEVER);
    let error = b24().v2().call("crm.deal.add").timeout(MS * 60).send::<u64>().await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run()), ("REQUEST_TIMEOUT", true));
    breathe().await;
    assert!(seen().signal().aborted());
}

#[wasm_bindgen_test]
async fn time_that_runs_out_in_the_middle_of_a_body_aborts_too() {
    let _stub = Stub::fetch(STALLED);
    let error = b24().v2().call("crm.deal.add").timeout(MS * 60).send::<u64>().await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run()), ("REQUEST_TIMEOUT", true));
    breathe().await;
    assert!(seen().signal().aborted());
}

#[wasm_bindgen_test]
async fn a_dropped_call_aborts() {
    for answer in [NEVER, STALLED] {
        let _stub = Stub::fetch(answer);
        assert!(within(MS * 40, b24().v2().call("profile").send::<Value>()).await.is_none());
        breathe().await;
        assert!(fetches() == 1.0 && seen().signal().aborted(), "{answer}");
    }
}

#[wasm_bindgen_test]
async fn a_call_that_is_never_polled_is_not_sent() {
    let _stub = Stub::fetch(NEVER);
    drop(b24().v2().call("profile").send::<Value>());
    breathe().await;
    assert!(fetches() == 0.0);
}

#[wasm_bindgen_test]
async fn a_body_without_an_end_is_stopped_at_the_limit() {
    let _stub = Stub::fetch(ENDLESS);
    let small = B24::builder().max_response_size(10_000).webhook_url(HOOK).unwrap();
    let error = small.v2().call("profile").send::<Value>().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, "INVALID_RESPONSE"));
    breathe().await;
    assert!(seen().signal().aborted());
}

#[wasm_bindgen_test]
async fn a_body_that_breaks_off_may_have_run() {
    let _stub = Stub::fetch(
        "let sent = false; return Promise.resolve(new Response(new ReadableStream({ pull(controller) {
            if (sent) { controller.error(new TypeError('network error')); }
            else { sent = true; controller.enqueue(new Uint8Array(10)); } } })));",
    );
    let error = b24().v2().call("crm.deal.add").send::<u64>().await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run(), error.attempts()), ("NETWORK_ERROR", true, 1));
}

#[wasm_bindgen_test]
async fn a_redirect_is_not_followed_and_is_said_to_be_one() {
    // As a browser shows one to a request that asks for `redirect: manual`.
    let _stub = Stub::fetch(
        "const answer = new Response(null);
         Object.defineProperty(answer, 'type', { value: 'opaqueredirect' });
         Object.defineProperty(answer, 'status', { value: 0 });
         return Promise.resolve(answer);",
    );
    let error = b24().v2().call("profile").send::<Value>().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), ("REDIRECT_REFUSED", 1));
    assert_eq!(error.status().unwrap().as_u16(), 302);
}

#[wasm_bindgen_test]
async fn where_there_is_no_fetch_nothing_was_sent() {
    let stub = Stub::fetch(NEVER);
    Reflect::set(&js_sys::global(), &"fetch".into(), &wasm_bindgen::JsValue::UNDEFINED).unwrap();
    let error = b24().v2().call("crm.deal.add").max_retries(0).send::<u64>().await.unwrap_err();
    drop(stub);
    assert_eq!((error.code(), error.may_have_run()), ("NETWORK_ERROR", false));
}

#[wasm_bindgen_test]
async fn a_rejection_shows_no_secret() {
    let _stub = Stub::fetch("return Promise.reject(new TypeError('no way to ' + request.url));");
    let error = b24().v2().call("crm.deal.add").send::<u64>().await.unwrap_err();
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        shown += &format!(" {inner} {inner:?}");
        source = inner.source();
    }
    assert!(shown.contains("no way to") && !shown.contains("s3cr3t"), "{shown}");
}
