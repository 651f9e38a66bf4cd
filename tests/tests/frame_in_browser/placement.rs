//! Places in the portal, with commands and events of their own.

use std::time::Duration;

use b24_portal::{MessageFate, MessageForm, ParentFault};
use serde_json::{Value, json};

use crate::probe::{Probe, eventually, portal};

const CALL: &str = "CallCard::CallStateChanged";

/// A telephone call, which has events and commands.
async fn call_card() -> Option<Probe> {
    Probe::connected(portal().frame_placement("CALL_CARD", r#"{"PHONE_NUMBER":"+49"}"#)).await
}

async fn bind(probe: &Probe, event: &str) {
    let before = probe.messages("placementBindEvent").len();
    probe.ok("bind", json!({ "event": event })).await;
    eventually(|| async { (probe.messages("placementBindEvent").len() > before).then_some(()) }).await;
}

/// Waits until so many events have come.
async fn events(probe: &Probe, event: &str, number: usize) -> Vec<Value> {
    eventually(|| async {
        let so_far = probe.ok("events", json!({ "event": event })).await;
        so_far["events"].as_array().filter(|events| events.len() >= number).cloned()
    })
    .await
}

#[tokio::test]
async fn a_placement_says_what_it_can_do_and_does_it() {
    let Some(probe) = call_card().await else { return };
    let interface = probe.ok("interface", json!({})).await;
    assert!(interface["command"].as_array().unwrap().contains(&json!("getStatus")), "{interface}");
    assert!(interface["event"].as_array().unwrap().contains(&json!(CALL)), "{interface}");
    let status = probe.ok("placement call", json!({ "command": "getStatus" })).await;
    assert_eq!(status, json!({ "PHONE_NUMBER": "+49" }));
    let done = probe.ok("placement post", json!({ "command": "disableAutoClose" })).await;
    assert_eq!(done, json!({ "answered": null }));
    // What is for the application's own page only is not done, and nobody says so.
    assert_eq!(probe.ok("title", json!({ "title": "x" })).await, "posted");
    assert_eq!(probe.messages("setTitle")[0].fate, MessageFate::UnknownCommand);
}

#[tokio::test]
async fn a_command_of_the_placement_that_is_not_answered_is_given_up_after_ten_seconds() {
    let Some(probe) = call_card().await else { return };
    let call = probe.begin("placement call", json!({ "command": "noSuchThing", "params": { "a": 1 } })).await;
    assert_eq!(probe.ok("placement post", json!({ "command": "noSuchThing" })).await, "posted");
    assert_eq!(probe.fails("placement call", json!({ "command": "" })).await.code, "INVALID_PARAMS");
    let failure = probe.outcome(call).await.unwrap_err();
    assert_eq!(failure.code, "FRAME_NO_ANSWER", "{failure:?}");
    assert!((10..15).contains(&failure.took.as_secs()), "{failure:?}");
    assert_eq!(probe.messages("noSuchThing").len(), 2);
}

#[tokio::test]
async fn a_command_with_a_colon_travels_as_an_object() {
    let Some(probe) = call_card().await else { return };
    probe.portal.parent_fault(ParentFault::answer(r#"{"opened":5}"#).for_command("crm:open"));
    let opened = probe.ok("placement call", json!({ "command": "crm:open", "params": { "id": "5:6" } })).await;
    assert_eq!(opened, json!({ "opened": 5 }));
    let message = &probe.messages("crm:open")[0];
    assert_eq!((message.form, message.params.as_str()), (Some(MessageForm::Object), r#"{"id":"5:6"}"#));
    assert!(!message.app_sid.is_empty() && !message.callback.is_empty());
    // Every other one is a text.
    assert_eq!(probe.messages("getInitData")[0].form, Some(MessageForm::Text));
}

#[tokio::test]
async fn events_come_in_their_order_until_the_stream_is_dropped() {
    let Some(probe) = call_card().await else { return };
    bind(&probe, CALL).await;
    bind(&probe, "CallCard::BeforeClose").await;
    for number in 0..10 {
        assert_eq!(probe.portal.fire_placement_event(CALL, &format!("{{\"n\":{number}}}")), 1);
    }
    let want: Vec<_> = (0..10).map(|number| json!({ "n": number })).collect();
    assert_eq!(events(&probe, CALL, 10).await, want);
    // An event that is no JSON is dropped, one that has nothing to say comes as null.
    probe.portal.fire_placement_event(CALL, "{\"cut");
    probe.portal.fire_placement_event(CALL, "");
    assert_eq!(events(&probe, CALL, 11).await[10], Value::Null);

    probe.ok("unbind", json!({ "event": CALL })).await;
    // The page does not know, and goes on; the other stream hears what comes after it.
    assert_eq!(probe.portal.fire_placement_event(CALL, "1"), 1);
    probe.portal.fire_placement_event("CallCard::BeforeClose", "2");
    assert_eq!(events(&probe, "CallCard::BeforeClose", 1).await, [json!(2)]);
    assert_eq!(events(&probe, CALL, 11).await.len(), 11);
    let ended = probe.ok("events", json!({ "event": CALL })).await;
    assert_eq!(ended["hasEnded"], false, "it was dropped, not ended");
}

#[tokio::test]
async fn the_value_of_a_field_is_set() {
    let Some(probe) = Probe::connected(portal().frame_placement("USERFIELD_TYPE", "{}")).await else { return };
    for value in [json!("a:b"), json!({ "a": [1, "ü"] }), json!(7), json!(["x:y:z"])] {
        assert_eq!(probe.ok("set value", json!({ "value": value })).await, json!({ "answered": null }));
        assert_eq!(probe.ok("placement call", json!({ "command": "getValue" })).await, value);
    }
    assert!(probe.messages("setValue").iter().all(|message| message.fate == MessageFate::Accepted));
}

#[tokio::test]
async fn an_event_that_a_stranger_fires_does_not_come() {
    let Some(probe) = call_card().await else { return };
    bind(&probe, CALL).await;
    let key = probe.messages("placementBindEvent")[0].callback.clone();
    // The application posts to itself: another origin than the portal's.
    let forge = format!("window.postMessage('{key}:\"f0rged\"', '*')");
    probe.in_app(&forge).await;
    tokio::time::timeout(Duration::from_secs(30), async {
        while probe.in_app("return window.heard.length").await.as_u64() < Some(2) {}
    })
    .await
    .unwrap();
    probe.portal.fire_placement_event(CALL, "\"real\"");
    assert_eq!(events(&probe, CALL, 1).await, [json!("real")]);
}
