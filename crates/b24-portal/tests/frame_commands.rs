//! An application in a frame: its commands one by one, and what a parent in trouble makes of their answers.

#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::time::Duration;

use b24_portal::ParentFault;
use common::Bench;
use common::frame::{Page, builder, said, steps};
use serde_json::json;

#[tokio::test]
async fn a_place_has_the_size_that_it_was_given() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    for (params, answer, width, height) in [
        (
            json!({"width": "100%", "height": 300}),
            json!({"width": 1000.0, "height": 300.0}),
            json!("100%"),
            json!("300px"),
        ),
        (
            json!({"width": 640, "height": "480px"}),
            json!({"width": 640.0, "height": 480.0}),
            json!("640px"),
            json!("480px"),
        ),
        (json!({"width": "x"}), json!({"width": 100.0, "height": 600.0}), json!("100px"), json!(null)),
    ] {
        let steps = page.ask("resizeWindow", params).await;
        assert_eq!(said(&steps), [(format!("key:{answer}").as_str(), "own", 0)]);
        assert_eq!(steps[0]["effect"], json!({"kind": "resize", "width": width, "height": height}));
    }
}

#[tokio::test]
async fn some_commands_are_never_answered() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    assert_eq!(page.effect("reloadWindow", json!({})).await, json!({"kind": "reload"}));
    let call = page.effect("imCallTo", json!({"userId": 2, "video": true})).await;
    assert_eq!(call, json!({"kind": "messenger", "command": "imCallTo", "params": {"userId": 2, "video": true}}));
    for command in ["imPhoneTo", "imOpenMessenger", "imOpenHistory"] {
        assert_eq!(page.effect(command, json!({"x": 1})).await["command"], command);
    }
    // Nothing to close, nothing to bind to, no such thing.
    for command in ["closeApplication", "placementBindEvent", "showAppForm", "setValue"] {
        assert!(page.ask(command, json!({"event": "e"})).await.is_empty(), "{command}");
    }
    // Nor is anyone who does not say where.
    let steps = page.hear(format!("setTitle:{{\"title\":\"t\"}}::{}", page.sid).into()).await;
    assert_eq!((steps.len(), steps[0]["say"].is_null()), (1, true));
}

#[tokio::test]
async fn a_path_opens_a_slider_and_is_answered_when_that_closes() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let refused = page.answer("openPath", json!({"path": "/bitrix/admin/"})).await;
    assert_eq!(refused, json!({"result": "error", "errorCode": "PATH_NOT_AVAILABLE"}));
    let effect = page.effect("openPath", json!({"path": "/crm/deal/details/5/?IFRAME=Y"})).await;
    let client = bench.portal.application().client_id();
    assert_eq!(effect["path"], format!("/crm/deal/details/5/?IFRAME=Y&from=rest_placement&from_app={client}"));
    let closed = steps(&bench.post(&format!("/frame/closed?sid={}", page.sid), &json!({})).await);
    assert_eq!(closed[0]["effect"], json!({"kind": "closeSlider"}));
    assert_eq!(said(&closed), [("key:{\"result\":\"close\"}", "own", 0)]);
    assert!(steps(&bench.post(&format!("/frame/closed?sid={}", page.sid), &json!({})).await).is_empty());
}

#[tokio::test]
async fn a_slider_can_be_closed_from_outside_and_the_page_hears_of_it() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    assert_eq!(bench.portal.close_sliders(), 0);
    page.effect("openPath", json!({"path": "/marketplace/app/1/"})).await;
    assert_eq!(bench.portal.close_sliders(), 1);
    let due = page.due(0).await;
    assert_eq!(said(due["steps"].as_array().expect("steps")), [("key:{\"result\":\"close\"}", "own", 0)]);
}

#[tokio::test]
async fn an_application_opens_itself_in_a_slider_and_closes_itself_there() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let effect = page.effect("openApplication", json!({"deal": 7, "bx24_width": 500})).await;
    assert_eq!(effect["wishes"], json!({"width": 500}));
    let inner = Page::open_at(&bench, effect["source"].as_str().expect("an address")).await;
    assert_ne!(inner.sid, page.sid);
    assert_eq!(inner.answer("getInitData", json!({})).await["PLACEMENT_OPTIONS"], json!({"deal": 7}));
    // It is the page around the slider that closes it, and that tells who opened it.
    assert_eq!(said(&inner.ask("closeApplication", json!({})).await), [("key:", "own", 0)]);
    let due = page.due(0).await;
    assert_eq!(due["steps"][0]["effect"], json!({"kind": "closeSlider"}));
    assert_eq!(said(due["steps"].as_array().expect("steps")), [("key:", "own", 0)]);
}

#[tokio::test]
async fn events_of_a_placement_reach_those_who_have_bound_to_them() {
    let bench = Bench::with(builder().frame_placement("CRM_DEAL_DETAIL_TAB", "{}").frame_event("onDealMoved"));
    let page = Page::open(&bench).await;
    assert!(page.ask("placementBindEvent", json!({"event": "onDealMoved"})).await.is_empty());
    assert!(page.ask("placementBindEvent", json!({"event": "onNothing"})).await.is_empty());
    assert_eq!(bench.portal.fire_placement_event("onNothing", "{}"), 0);
    assert_eq!(bench.portal.fire_placement_event("onDealMoved", "{\"ID\":5}"), 1);
    assert_eq!(bench.portal.fire_placement_event("onDealMoved", ""), 1);
    let due = page.due(0).await;
    assert_eq!(said(due["steps"].as_array().expect("steps")), [("key:{\"ID\":5}", "own", 0), ("key:", "own", 0)]);
    // What was seen does not come again.
    let last = due["last"].as_u64().expect("a number");
    bench.portal.fire_placement_event("onDealMoved", "7");
    assert_eq!(said(page.due(last).await["steps"].as_array().expect("steps")), [("key:7", "own", 0)]);
    // Who has left is not told.
    bench.post(&format!("/frame/left?sid={}", page.sid), &json!({})).await;
    assert_eq!(bench.portal.fire_placement_event("onDealMoved", "8"), 0);
    assert_eq!(bench.get(&format!("/frame/due?sid={}&seen=0", page.sid)).await.status, 404);
}

#[tokio::test]
async fn a_placement_has_commands_of_its_own_and_no_title_to_set() {
    let bench = Bench::with(builder().frame_placement("USERFIELD_TYPE", r#"{"MODE":"edit"}"#).frame_event("onX"));
    let page = Page::open(&bench).await;
    let interface = page.answer("getInterface", json!({})).await;
    assert_eq!(interface, json!({"command": ["getValue", "setValue"], "event": ["onX"]}));
    assert_eq!(said(&page.ask("setValue", json!("a:b")).await), [("key:", "own", 0)]);
    assert_eq!(page.answer("getValue", json!({})).await, json!("a:b"));
    for command in ["setTitle", "setScroll", "reloadWindow"] {
        assert!(page.ask(command, json!({"title": "t", "scroll": 1})).await.is_empty(), "{command}");
    }
    let own = Bench::with(builder());
    let interface = Page::open(&own).await.answer("getInterface", json!({})).await;
    assert_eq!(interface, json!({"command": [], "event": []}));
}

#[tokio::test]
async fn dialogs_are_answered_in_the_portals_shapes() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    assert_eq!(page.answer("selectUser", json!({"mult": false})).await["id"], "1");
    assert_eq!(page.answer("selectUser", json!({"mult": true})).await[1]["id"], "2");
    assert_eq!(page.answer("selectAccess", json!({"value": []})).await[0]["id"], "AU");
    let crm = page.answer("selectCRM", json!({"entityType": ["deal", "quote"], "multiple": true})).await;
    assert_eq!((&crm["deal"]["1"]["id"], &crm["quote"]["0"]["id"]), (&json!("D_2"), &json!("Q_1")));
}

#[tokio::test]
async fn every_fault_does_to_the_right_answer_what_it_says() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let right = "key:{\"title\":\"t\"}";
    for (fault, want) in [
        (ParentFault::silent(), vec![]),
        (ParentFault::late(Duration::from_millis(1500)), vec![(right, "own", 1500)]),
        (ParentFault::foreign(), vec![(right, "foreign", 0)]),
        (ParentFault::foreign_first(), vec![(right, "foreign", 0), (right, "own", 0)]),
        (ParentFault::truncated(9), vec![("key:{\"title\":", "own", 0)]),
        (ParentFault::raw("{key}:{oops"), vec![("key:{oops", "own", 0)]),
        (ParentFault::raw("nobody:1"), vec![("nobody:1", "own", 0)]),
        (ParentFault::twice(), vec![(right, "own", 0), (right, "own", 0)]),
        (ParentFault::answer("[7]"), vec![("key:[7]", "own", 0)]),
        (ParentFault::field("title", "7"), vec![("key:{\"title\":7}", "own", 0)]),
        (ParentFault::field("title", "x y"), vec![("key:{\"title\":\"x y\"}", "own", 0)]),
        (ParentFault::without_field("title"), vec![("key:{}", "own", 0)]),
    ] {
        let shown = format!("{fault:?}");
        bench.portal.parent_fault(fault);
        let steps = page.ask("setTitle", json!({"title": "t"})).await;
        assert_eq!(said(&steps), want, "{shown}");
        assert_eq!(steps[0]["effect"]["kind"], "title", "the command does its work all the same");
        assert_eq!(said(&page.ask("setTitle", json!({"title": "t"})).await), [(right, "own", 0)], "once");
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_command_and_strikes_so_many_times() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    bench.portal.parent_fault(ParentFault::without_field("AUTH_EXPIRES").for_command("refreshAuth").times(2));
    assert_eq!(page.answer("getInitData", json!({})).await["AUTH_EXPIRES"], "3600");
    for want in [None, None, Some("3600")] {
        assert_eq!(page.answer("refreshAuth", json!({})).await["AUTH_EXPIRES"].as_str(), want);
    }
    bench.portal.parent_fault(ParentFault::answer("{\"own\":1}").for_command("nothing"));
    assert_eq!(page.answer("nothing", json!({})).await, json!({"own": 1}), "a command that the page does not know");
    bench.portal.parent_fault(ParentFault::silent());
    bench.portal.clear_faults();
    page.answer("getInitData", json!({})).await;
}

#[tokio::test]
async fn a_fault_of_a_slider_strikes_when_that_closes() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    bench.portal.parent_fault(ParentFault::answer("{\"result\":\"odd\"}").for_command("openPath"));
    page.effect("openPath", json!({"path": "/crm/lead/details/1/"})).await;
    let closed = steps(&bench.post(&format!("/frame/closed?sid={}", page.sid), &json!({})).await);
    assert_eq!(said(&closed), [("key:{\"result\":\"odd\"}", "own", 0)]);
}
