//! Tokens that end, and are renewed by the page around the application.

use std::time::Duration;

use b24_portal::{ApiVersion, ParentFault};
use http::StatusCode;
use serde_json::{Value, json};

use crate::probe::{Probe, portal, profile};

/// Calls of both generations.
fn both(times: u32) -> Value {
    let v3 = json!({ "api": "v3", "method": "tasks.task.get", "params": { "id": 7, "select": ["id"] } });
    json!({ "calls": [{ "api": "v2", "method": "profile" }, v3], "times": times })
}

#[tokio::test]
async fn a_hundred_calls_that_meet_an_expired_token_make_one_refresh() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    probe.profile().await;
    assert_eq!(probe.messages("refreshAuth").len(), 0);
    probe.portal.clear_requests();
    probe.portal.expire_access_tokens();
    let hundred = json!({ "calls": [{ "api": "v2", "method": "profile" }], "times": 100 });
    assert_eq!(probe.ok("calls", hundred).await, json!({ "answered": 100, "errors": {} }));
    assert_eq!(probe.commands(), ["refreshAuth"]);
    let sent = probe.calls();
    let refused = sent.iter().filter(|call| call.status == Some(StatusCode::UNAUTHORIZED)).count();
    let answered = sent.iter().filter(|call| call.status == Some(StatusCode::OK)).count();
    assert!((1..=100).contains(&refused), "{refused}");
    assert_eq!((answered, sent.len()), (100, 100 + refused));
}

#[tokio::test]
async fn both_generations_share_a_refresh() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::late(Duration::from_millis(300)).for_command("refreshAuth"));
    probe.portal.expire_access_tokens();
    assert_eq!(probe.ok("calls", both(5)).await, json!({ "answered": 10, "errors": {} }));
    for version in [ApiVersion::V2, ApiVersion::V3] {
        let of = probe.calls().into_iter().filter(|call| call.version == Some(version));
        assert!(of.clone().any(|call| call.status == Some(StatusCode::UNAUTHORIZED)), "{version:?}");
        assert_eq!(of.filter(|call| call.status == Some(StatusCode::OK)).count(), 5, "{version:?}");
    }
    assert_eq!(probe.messages("refreshAuth").len(), 1);
    // The next one that ends is renewed, too.
    probe.portal.expire_access_tokens();
    assert_eq!(probe.ok("calls", both(1)).await["answered"], 2);
    assert_eq!(probe.messages("refreshAuth").len(), 2);
}

#[tokio::test]
async fn a_token_is_renewed_before_its_end_and_not_while_it_is_good() {
    let Some(probe) = Probe::connected(portal().access_token_life(Duration::from_secs(6))).await else { return };
    for _ in 0..3 {
        probe.profile().await;
    }
    assert_eq!(probe.messages("refreshAuth").len(), 0);
    while probe.messages("refreshAuth").is_empty() {
        probe.profile().await;
    }
    // It was renewed early: no call was refused.
    assert!(probe.calls().iter().all(|call| call.status == Some(StatusCode::OK)));
}

#[tokio::test]
async fn a_page_that_is_slow_is_waited_for() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::late(Duration::from_secs(3)).for_command("getInitData"));
    probe.portal.parent_fault(ParentFault::late(Duration::from_secs(3)).for_command("refreshAuth"));
    probe.ok("connect", json!({})).await;
    probe.portal.expire_access_tokens();
    probe.profile().await;
    assert_eq!(probe.commands(), ["getInitData", "refreshAuth"]);
}

#[tokio::test]
async fn a_page_that_does_not_renew_fails_the_call_after_ten_seconds() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::silent().for_command("refreshAuth"));
    probe.portal.expire_access_tokens();
    let failure = probe.fails("calls", profile()).await;
    assert_eq!(failure.code, "FRAME_NO_ANSWER", "{failure:?}");
    assert!((10..15).contains(&failure.took.as_secs()), "{failure:?}");
    assert_eq!(probe.calls().len(), 1, "{:?}", probe.calls());
    assert_eq!(probe.messages("refreshAuth").len(), 1);
    // The next call asks anew, and the page answers.
    probe.profile().await;
    assert_eq!(probe.messages("refreshAuth").len(), 2);
}

#[tokio::test]
async fn a_page_that_does_not_open_the_application_is_given_up_after_ten_seconds() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::silent().for_command("getInitData"));
    let failure = probe.fails("connect", json!({ "times": 3 })).await;
    assert_eq!(failure.code, "FRAME_NO_ANSWER", "{failure:?}");
    assert!((10..15).contains(&failure.took.as_secs()), "{failure:?}");
    assert_eq!(probe.messages("getInitData").len(), 1);
    // The failure is not kept.
    probe.ok("connect", json!({})).await;
    probe.profile().await;
    assert_eq!(probe.commands(), ["getInitData", "getInitData"]);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_a_bad_one() {
    let Some(probe) = Probe::open(portal()).await else { return };
    // The second one is JSON, and has no token in it.
    for fault in [ParentFault::truncated(40), ParentFault::answer("{\"LANG\":\"en\"}"), ParentFault::raw("{key}")] {
        probe.portal.parent_fault(fault.for_command("getInitData"));
        let failure = probe.fails("connect", json!({})).await;
        assert_eq!(failure.code, "FRAME_BAD_ANSWER", "{failure:?}");
        assert!(failure.took.as_secs() < 5, "{failure:?}");
    }
    probe.ok("connect", json!({})).await;
    for fault in [ParentFault::truncated(20), ParentFault::answer("null"), ParentFault::without_field("AUTH_ID")] {
        probe.portal.parent_fault(fault.for_command("refreshAuth"));
        probe.portal.expire_access_tokens();
        let failure = probe.fails("calls", profile()).await;
        assert_eq!(failure.code, "FRAME_BAD_ANSWER", "{failure:?}");
        assert!(failure.took.as_secs() < 5, "{failure:?}");
    }
    probe.profile().await;
}

#[tokio::test]
async fn a_token_whose_life_nobody_knows_is_used_until_it_is_refused() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::without_field("AUTH_EXPIRES").for_command("getInitData"));
    probe.ok("connect", json!({})).await;
    for fault in [
        ParentFault::field("AUTH_EXPIRES", "soon"),
        ParentFault::field("AUTH_EXPIRES", "-1"),
        ParentFault::field("AUTH_EXPIRES", "{}"),
    ] {
        let before = probe.messages("refreshAuth").len();
        probe.profile().await;
        probe.profile().await;
        assert_eq!(probe.messages("refreshAuth").len(), before);
        probe.portal.parent_fault(fault.for_command("refreshAuth"));
        probe.portal.expire_access_tokens();
        probe.profile().await;
        assert_eq!(probe.messages("refreshAuth").len(), before + 1);
    }
    probe.profile().await;
    assert_eq!(probe.messages("refreshAuth").len(), 3);
}

#[tokio::test]
async fn an_answer_that_comes_twice_counts_once() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::twice().for_command("getInitData"));
    probe.portal.parent_fault(ParentFault::twice().for_command("refreshAuth"));
    probe.ok("connect", json!({})).await;
    probe.portal.expire_access_tokens();
    probe.profile().await;
    probe.profile().await;
    // Both answers came twice.
    assert_eq!(probe.in_app("return window.heard.length").await, 4);
    assert_eq!(probe.commands(), ["getInitData", "refreshAuth"]);
}

#[tokio::test]
async fn an_application_that_was_uninstalled_asks_for_no_tokens() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    probe.portal.uninstall();
    assert_eq!(probe.fails("calls", profile()).await.code, "ERROR_OAUTH");
    assert_eq!((probe.calls().len(), probe.messages("refreshAuth").len()), (1, 0));
}
