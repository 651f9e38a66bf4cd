//! Calls from a browser: what it asks first, and where a token can be when no header may carry it.

#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::time::Duration;

use b24_portal::{Fault, Limits, Portal};
use bytes::Bytes;
use common::{Bench, Reply};
use http::Request;
use serde_json::{Value, json};

const TOKEN: &str = "t0ken";

fn bench() -> Bench {
    let limits = Limits::default().without_rate();
    Bench::with(Portal::builder().limits(limits).access_token(TOKEN, 1, Duration::from_secs(3600)))
}

async fn preflight(bench: &Bench, path: &str) -> Reply {
    let request = Request::options(path)
        .header("origin", "https://app.test")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    bench.send(request.body(Bytes::new()).expect("a request")).await
}

fn allowed(reply: &Reply) -> (Option<&str>, Option<&str>) {
    (reply.header("access-control-allow-origin"), reply.header("access-control-allow-headers"))
}

/// Neither `Authorization` nor `Idempotency-Key`: a page of another origin can send neither.
const ALLOWED: (Option<&str>, Option<&str>) = (Some("*"), Some("origin, content-type, accept"));

#[tokio::test]
async fn every_origin_may_call_with_three_headers_and_no_more() {
    let bench = bench();
    for path in ["/rest/profile", "/rest/api/tasks.task.get", "/rest/1/s3cret/profile"] {
        let reply = preflight(&bench, path).await;
        assert_eq!((reply.status, allowed(&reply)), (200, ALLOWED), "{path}");
    }
    assert_eq!(allowed(&bench.get("/rest/profile").await), ALLOWED, "a refusal can be read as well");
    bench.portal.fault(Fault::refusal(401, "expired_token"));
    assert_eq!(allowed(&bench.get("/rest/profile").await), ALLOWED);
    bench.portal.fault(Fault::html(502));
    assert_eq!(allowed(&bench.get("/rest/profile").await), (None, None), "a proxy knows of no browsers");
}

#[tokio::test]
async fn a_browser_that_asks_first_makes_no_call() {
    let bench = Bench::with(Portal::builder().limits(Limits::default().with_rate(1, 1)));
    for _ in 0..3 {
        assert_eq!(preflight(&bench, "/rest/profile").await.status, 200);
    }
    let call = || bench.v2("profile", &Value::Null);
    assert_eq!(call().await.status, 200, "the bucket was empty still");
    assert_eq!(call().await.status, 503);
    let reply = preflight(&bench, "/rest/profile").await;
    assert_eq!((reply.status, allowed(&reply)), (200, ALLOWED), "over the limit as well");
    let of_calls = bench.portal.requests().iter().filter(|request| request.http_method != "OPTIONS").count();
    assert_eq!((of_calls, bench.portal.requests().len()), (2, 6));
}

#[tokio::test]
async fn a_fault_waits_for_the_call_behind_the_question() {
    let bench = bench();
    let path = format!("/rest/profile?auth={TOKEN}");
    bench.portal.fault(Fault::html(502).for_method("profile"));
    assert_eq!(preflight(&bench, "/rest/profile").await.status, 200);
    assert_eq!(bench.get(&path).await.status, 502);
    for fault in [Fault::reset_unread(), Fault::reset(), Fault::lost_response()] {
        bench.portal.fault(fault);
        assert_eq!(preflight(&bench, "/rest/profile").await.status, 200);
        let request = Request::get(&path).body(Bytes::new()).expect("a request");
        assert!(bench.try_send(request).await.is_err());
    }
}

#[tokio::test]
async fn a_token_may_be_in_the_query_the_body_or_a_header() {
    let bench = bench();
    let in_header = Request::get("/rest/profile").header("authorization", format!("Bearer {TOKEN}"));
    assert_eq!(bench.send(in_header.body(Bytes::new()).expect("a request")).await.status, 200);
    assert_eq!(bench.get(&format!("/rest/profile?auth={TOKEN}")).await.status, 200);
    assert_eq!(bench.post("/rest/profile", &json!({"auth": TOKEN})).await.status, 200);
    assert_eq!(bench.form("/rest/profile", "auth=t0ken").await.status, 200);
    assert_eq!(bench.post("/rest/profile", &json!({})).await.error(), "NO_AUTH_FOUND");
    // The header is looked at first.
    let both = Request::get(format!("/rest/profile?auth={TOKEN}")).header("authorization", "Bearer other");
    assert_eq!(bench.send(both.body(Bytes::new()).expect("a request")).await.error(), "invalid_token");
}

#[tokio::test]
async fn a_v2_batch_has_its_token_in_the_body_and_hands_none_on() {
    let bench = bench();
    let batch = json!({"auth": TOKEN, "halt": 0, "cmd": {"a": "b24portal.echo?x=1"}});
    let reply = bench.post("/rest/batch", &batch).await;
    assert_eq!(reply.result()["result"]["a"]["params"], json!({"x": "1"}));
}

#[tokio::test]
async fn a_v3_call_has_its_token_in_the_object_of_its_body() {
    let bench = bench();
    let call = json!({"id": 1, "select": ["id"], "auth": TOKEN});
    assert_eq!(bench.post("/rest/api/tasks.task.get", &call).await.result()["item"]["id"], 1);
    let reply = bench.post("/rest/api/tasks.task.get", &json!({"id": 1})).await;
    assert_eq!((reply.status, reply.trouble()), (401, "ACCESSDENIED"));
}

#[tokio::test]
async fn a_v3_batch_is_a_list_and_has_its_token_in_the_query() {
    let bench = bench();
    let items = json!([{"method": "tasks.task.get", "query": {"id": 1, "select": ["id"]}}]);
    let reply = bench.post(&format!("/rest/api/batch?auth={TOKEN}"), &items).await;
    assert_eq!(reply.result()[0]["item"]["id"], 1);
    let reply = bench.post("/rest/api/batch", &items).await;
    assert_eq!((reply.status, reply.trouble()), (401, "ACCESSDENIED"), "a list has no place for it");
}

/// What the official JavaScript SDK sends: to PHP an object with the keys 0, 1, 2 is a list once `auth` is taken out.
#[tokio::test]
async fn a_v3_batch_may_be_an_object_of_numbers_beside_its_token() {
    let bench = bench();
    let item = |id: i64| json!({"method": "tasks.task.get", "query": {"id": id, "select": ["id"]}, "parallel": false});
    let reply = bench.post("/rest/api/batch", &json!({"0": item(1), "1": item(2), "auth": TOKEN})).await;
    assert_eq!((&reply.result()[0]["item"]["id"], &reply.result()[1]["item"]["id"]), (&json!(1), &json!(2)));
    // In any order, and with nothing else beside it.
    let reply = bench.post("/rest/api/batch", &json!({"auth": TOKEN, "0": item(1), "x": 1})).await;
    assert_eq!((reply.status, reply.trouble()), (400, "INVALIDSELECT"));
}
