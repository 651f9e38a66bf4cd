//! What is sent again and what is not, as the portal sees it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use b24::{B24, Error, Reply, RetryPolicy};
use b24_portal::{Fault, Portal};
use serde_json::{Value, json};

async fn portal() -> (Portal, B24) {
    let portal = Portal::builder().rows(10).start().await.unwrap();
    let policy = RetryPolicy::default().with_retry_delay(Duration::from_millis(1));
    let b24 = B24::builder().retry(policy).webhook_url(&portal.hook_url()).unwrap();
    (portal, b24)
}

async fn add(b24: &B24) -> Result<Reply<u64>, Error> {
    b24.v2().call("crm.deal.add").params(json!({ "fields": { "TITLE": "x" } })).send().await
}

async fn deals(b24: &B24) -> u64 {
    b24.v2().call("crm.deal.list").send::<Value>().await.unwrap().total.unwrap()
}

#[tokio::test]
async fn a_deal_is_never_made_twice_after_a_lost_answer() {
    let (portal, b24) = portal().await;
    for fault in [Fault::lost_response(), Fault::html(502).after_handler(), Fault::truncated_body(3)] {
        portal.fault(fault);
        let before = portal.requests().len();
        assert!(add(&b24).await.unwrap_err().may_have_run());
        assert_eq!(portal.requests().len(), before + 1);
    }
    assert_eq!(deals(&b24).await, 13);
}

#[tokio::test]
async fn a_deal_refused_for_going_too_fast_is_made_once() {
    let (portal, b24) = portal().await;
    portal.fault(Fault::query_limit_exceeded().times(2));
    assert!(add(&b24).await.is_ok());
    assert_eq!((portal.requests().len(), deals(&b24).await), (3, 11));
}

#[tokio::test]
async fn a_read_comes_through_all_of_it() {
    let (portal, b24) = portal().await;
    for fault in [Fault::lost_response(), Fault::html(502), Fault::reset(), Fault::truncated_body(3), Fault::html(504)]
    {
        portal.fault(fault.times(2));
        assert_eq!(deals(&b24).await, 10);
    }
}

#[tokio::test]
async fn a_v3_write_is_run_once_however_often_it_is_sent() {
    // The portal keeps the answer under the key: https://apidocs.bitrix24.com/api-reference/rest-v3.html
    let (portal, b24) = portal().await;
    portal.fault(Fault::lost_response().times(2));
    let fields = json!({ "fields": { "title": "x", "creatorId": 1, "responsibleId": 1 } });
    b24.v3().call("tasks.task.add").params(fields).send::<Value>().await.unwrap();
    assert_eq!(portal.requests().len(), 3);

    let missing =
        b24.v3().call("tasks.task.get").params(json!({ "id": 12, "select": ["id"] })).outcome::<Value>().await;
    assert!(missing.unwrap().is_err(), "there is one new task, 11, and no 12");
}

#[tokio::test]
async fn one_call_can_be_told_otherwise() {
    let (portal, b24) = portal().await;
    portal.fault(Fault::query_limit_exceeded());
    let error = b24.v2().call("profile").max_retries(0).send::<Value>().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), ("QUERY_LIMIT_EXCEEDED", 1));
}
