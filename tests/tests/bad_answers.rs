//! What comes out when the answer is not what it should be: each a typed error that says whether the call may have run,
//! and the portal's word on whether it did. Each call is sent once here; what is sent again is told in `retries.rs`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use b24::{B24, Error, ErrorKind, RetryPolicy};
use b24_portal::{Fault, Portal};
use serde_json::{Value, json};

/// A portal of which the next `crm.deal.add` goes wrong, what came out, and how many deals it has now.
async fn add_with(fault: Fault) -> (Error, u64) {
    let portal = Portal::builder().rows(10).start().await.unwrap();
    let b24 =
        B24::builder().max_response_size(4096).retry(RetryPolicy::realtime()).webhook_url(&portal.hook_url()).unwrap();
    portal.fault(fault.for_method("crm.deal.add"));
    let call = b24.v2().call("crm.deal.add").params(json!({ "fields": { "TITLE": "x" } }));
    let error = call.timeout(Duration::from_secs(5)).send::<Value>().await.unwrap_err();
    let deals = b24.v2().call("crm.deal.list").params(json!({ "select": ["ID"] })).send::<Value>().await.unwrap();
    (error, deals.total.unwrap())
}

fn described(error: &Error) -> (ErrorKind, &str, Option<u16>, bool) {
    (error.kind(), error.code(), error.status().map(|status| status.as_u16()), error.may_have_run())
}

#[tokio::test]
async fn a_lost_answer_may_have_run_and_did() {
    let (error, deals) = add_with(Fault::lost_response()).await;
    assert_eq!(described(&error), (ErrorKind::Transport, "NETWORK_ERROR", None, true));
    assert_eq!(deals, 11);
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_reset_may_have_run() {
    let (error, _) = add_with(Fault::reset()).await;
    assert_eq!(described(&error), (ErrorKind::Transport, "NETWORK_ERROR", None, true));
}

#[tokio::test]
async fn a_page_of_a_proxy_is_told_from_the_portals_word() {
    let (error, _) = add_with(Fault::html(502)).await;
    assert_eq!(described(&error), (ErrorKind::Transport, "INVALID_RESPONSE", Some(502), true));
    let (error, _) = add_with(Fault::html(200)).await;
    assert_eq!(described(&error), (ErrorKind::Decode, "INVALID_RESPONSE", Some(200), true));
}

#[tokio::test]
async fn a_full_bucket_did_not_run() {
    let (error, deals) = add_with(Fault::query_limit_exceeded()).await;
    assert_eq!(described(&error), (ErrorKind::Rest, "QUERY_LIMIT_EXCEEDED", Some(503), false));
    assert_eq!(deals, 10);
}

#[tokio::test]
async fn a_renamed_portal_is_not_followed() {
    let (error, deals) = add_with(Fault::moved("https://renamed.example")).await;
    assert_eq!((error.kind(), error.code()), (ErrorKind::Transport, "REDIRECT_REFUSED"));
    assert_eq!(deals, 10);
}

#[tokio::test]
async fn a_cut_off_body_is_a_lost_connection() {
    let (error, deals) = add_with(Fault::truncated_body(10)).await;
    assert_eq!(described(&error), (ErrorKind::Transport, "NETWORK_ERROR", None, true));
    assert_eq!(deals, 11);
}

#[tokio::test]
async fn a_body_that_drips_runs_out_of_time() {
    // Each byte in time, and all of them not.
    let (error, _) = add_with(Fault::slow_body(1, Duration::from_secs(1))).await;
    assert_eq!(described(&error), (ErrorKind::Transport, "REQUEST_TIMEOUT", None, true));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read_on() {
    let huge = format!(r#"{{"result":"{}"}}"#, "x".repeat(5000));
    let (error, _) = add_with(Fault::reply(200, "application/json", huge)).await;
    assert_eq!(described(&error), (ErrorKind::Decode, "INVALID_RESPONSE", Some(200), true));
    assert!(error.message().contains("larger than the limit"));
}

#[tokio::test]
async fn bodies_that_are_no_answer_are_decode_errors() {
    for body in [&b""[..], b"[]", b"{}", b"{\"result\":", b"{\"result\":\"\xff\"}"] {
        let (error, _) = add_with(Fault::reply(200, "application/json", body)).await;
        assert_eq!(described(&error), (ErrorKind::Decode, "INVALID_RESPONSE", Some(200), true), "{body:?}");
    }
}

#[tokio::test]
async fn a_deleted_portal_says_so() {
    let (error, _) = add_with(Fault::deleted()).await;
    assert_eq!((error.kind(), error.code(), error.may_have_run()), (ErrorKind::Rest, "PORTAL_DELETED", false));
}

#[tokio::test]
async fn no_time_left_means_not_sent() {
    let portal = Portal::builder().start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    for call in [b24.v2().call("profile").deadline(Duration::ZERO), b24.v2().call("profile").timeout(Duration::ZERO)] {
        let error = call.send::<Value>().await.unwrap_err();
        assert_eq!(described(&error), (ErrorKind::Transport, "REQUEST_TIMEOUT", None, false));
    }
    assert!(portal.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_shorter_of_timeout_and_deadline_counts() {
    let portal = Portal::builder().latency(Duration::from_secs(20)).in_process();
    let b24 = B24::builder().http_client(portal.service()).webhook_url(&portal.hook_url()).unwrap();
    let call = b24.v2().call("profile").timeout(Duration::from_secs(60)).deadline(Duration::from_millis(100));
    let error = call.send::<Value>().await.unwrap_err();
    assert_eq!(described(&error), (ErrorKind::Transport, "REQUEST_TIMEOUT", None, true));
}

#[tokio::test]
async fn where_nobody_listens_nothing_has_run() {
    // Bound, so that nobody else takes the port, and closed to every connection: it does not listen.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let hook = format!("http://{}/rest/1/s3cr3t/", socket.local_addr().unwrap());
    let b24 = B24::builder().retry(RetryPolicy::realtime()).webhook_url(&hook).unwrap();
    let error = b24.v2().call("crm.deal.add").send::<Value>().await.unwrap_err();
    assert_eq!(described(&error), (ErrorKind::Transport, "NETWORK_ERROR", None, false));
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_dropped_call_leaves_the_handle_usable() {
    let portal = Portal::builder().latency(Duration::from_millis(50)).start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    let dropped = tokio::time::timeout(Duration::from_millis(5), b24.v2().call("profile").send::<Value>()).await;
    assert!(dropped.is_err());
    assert!(b24.v2().call("profile").send::<Value>().await.is_ok());
}

#[tokio::test]
async fn the_first_error_of_a_v3_batch_leaves_done_what_came_before() {
    // https://apidocs.bitrix24.com/api-reference/rest-v3.html: there is no transaction.
    let portal = Portal::builder().rows(5).start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    let commands = json!({
        "0": { "method": "tasks.task.add", "query": { "fields": { "title": "x", "creatorId": 1, "responsibleId": 1 } } },
        "1": { "method": "tasks.task.get", "query": { "id": 99_999 } },
    });
    let error = b24.v3().call("batch").params(commands).send::<Value>().await.unwrap_err();
    assert!(error.code().ends_with("ENTITYNOTFOUNDEXCEPTION"), "{error}");
    assert!(error.may_have_run());
    let added = b24.v3().call("tasks.task.get").params(json!({ "id": 6, "select": ["id"] })).send::<Value>().await;
    assert_eq!(added.unwrap().result["item"]["id"], 6);
}

#[tokio::test]
async fn a_time_beyond_the_end_of_the_clock_means_no_limit() {
    let portal = Portal::builder().start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    for time in [Duration::MAX, Duration::from_secs(u64::MAX / 2)] {
        assert!(b24.v2().call("profile").timeout(time).deadline(time).send::<Value>().await.is_ok());
    }
}
