//! The default stack over the browser's `fetch`, against a live portal on another origin.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use b24::{B24, ErrorKind};
use common::hook;
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn b24() -> B24 {
    B24::from_webhook_url(hook()).unwrap()
}

#[wasm_bindgen_test]
async fn a_call_of_v2_is_answered() {
    let reply = b24().v2().call("profile").send::<Value>().await.unwrap();
    assert_eq!(reply.result["ID"], "1");
    assert!(reply.round_trip.unwrap() > Duration::ZERO);
}

#[wasm_bindgen_test]
async fn a_call_of_v3_is_answered_writes_included() {
    let task = json!({ "fields": { "title": "из браузера", "creatorId": 1, "responsibleId": 1 } });
    let added = b24().v3().call("tasks.task.add").params(task).send::<Value>().await.unwrap().result;
    let id = added["item"]["id"].as_u64().or(added["id"].as_u64()).unwrap();
    let get = json!({ "id": id, "select": ["id", "title"] });
    let got = b24().v3().call("tasks.task.get").params(get).send::<Value>().await.unwrap().result;
    assert_eq!(got["item"]["title"], "из браузера");
}

#[wasm_bindgen_test]
async fn batches_of_both_generations_are_answered() {
    let mut batch = b24().v2().batch();
    let time = batch.add::<String>("server.time");
    let mut reply = batch.send().await.unwrap();
    assert!(reply.take(time).unwrap().starts_with("20"));
    let reply = b24().v3().batch().command("tasks.task.list").send().await.unwrap();
    assert!(reply.all_done());
}

#[wasm_bindgen_test]
async fn all_rows_of_a_list_come() {
    let rows = b24().v2().list::<Value>("crm.deal.list").collect().await.unwrap();
    assert!(rows.len() > 50, "{}", rows.len());
}

#[wasm_bindgen_test]
async fn the_portals_own_word_is_the_error() {
    let error = b24().v2().call("no.such.method").send::<Value>().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rest, "ERROR_METHOD_NOT_FOUND"));
    assert_eq!(error.status().unwrap().as_u16(), 404);
}

#[wasm_bindgen_test]
async fn an_answer_beyond_the_limit_is_refused() {
    let small = B24::builder().max_response_size(20).webhook_url(hook()).unwrap();
    let error = small.v2().call("profile").send::<Value>().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, "INVALID_RESPONSE"));
}

#[wasm_bindgen_test]
async fn a_connection_that_cannot_be_made_may_have_run_and_shows_no_secret() {
    let nobody = B24::from_webhook_url("http://127.0.0.1:1/rest/1/s3cr3t/").unwrap();
    let error = nobody.v2().call("crm.deal.add").send::<u64>().await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run(), error.attempts()), ("NETWORK_ERROR", true, 1));
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        shown += &format!(" {inner} {inner:?}");
        source = inner.source();
    }
    assert!(shown.contains("TypeError") && !shown.contains("s3cr3t"), "{shown}");
}
