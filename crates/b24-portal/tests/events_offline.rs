//! The queue of offline events.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::time::Duration;

use b24_portal::{Dialect, Installation, PortalBuilder};
use common::events::{Inbox, bind, bind_offline, call, portal};
use common::{Bench, column};
use serde_json::{Value, json};

/// A portal with an application that keeps changes of deals in its queue.
async fn bench(builder: PortalBuilder) -> (Bench, Installation, Inbox) {
    let inbox = Inbox::new();
    let bench = inbox.bench(builder);
    let app = bench.portal.install(1);
    bind_offline(&bench, &app, "ONCRMDEALUPDATE").await;
    (bench, app, inbox)
}

async fn change(bench: &Bench, id: i64) {
    bench.v2("crm.deal.update", &json!({"id": id, "fields": {"TITLE": "x"}})).await.result();
}

async fn get(bench: &Bench, app: &Installation, params: Value) -> Value {
    call(bench, app, "event.offline.get", params).await.result().clone()
}

fn deals(events: &Value) -> Vec<i64> {
    events.as_array().expect("a list").iter().map(|row| row["EVENT_DATA"]["FIELDS"]["ID"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn of_events_that_say_the_same_the_latest_is_kept() {
    let (bench, app, _) = bench(portal()).await;
    change(&bench, 5).await;
    change(&bench, 6).await;
    bench.clock.advance(Duration::from_secs(60));
    bench.portal.fire_event_as(3, "ONCRMDEALUPDATE", json!({"FIELDS": {"ID": 5}}));
    let got = get(&bench, &app, json!({})).await;
    assert_eq!(got["process_id"], Value::Null);
    // In the order of their time: the change of deal 5 is the later one now.
    assert_eq!((deals(&got["events"]), column(&got["events"], "ID")), (vec![6, 5], vec![2, 1]));
    let row = &got["events"][1];
    assert_eq!((&row["EVENT_NAME"], &row["EVENT_ADDITIONAL"]), (&json!("ONCRMDEALUPDATE"), &json!({"user_id": 3})));
    assert_eq!(row["TIMESTAMP_X"], "2026-08-20T15:01:00+03:00");
    assert_eq!((row["MESSAGE_ID"].as_str().unwrap().len(), row["ID"].as_str()), (32, Some("1")));
    // What was read is gone.
    assert_eq!(get(&bench, &app, json!({})).await["events"], json!([]));
}

#[tokio::test]
async fn what_is_reserved_comes_again_until_it_is_confirmed() {
    let (bench, app, _) = bench(portal()).await;
    for id in 1..=4 {
        change(&bench, id).await;
    }
    let first = get(&bench, &app, json!({"clear": 0, "limit": 2})).await;
    let second = get(&bench, &app, json!({"clear": 0})).await;
    assert_eq!((deals(&first["events"]), deals(&second["events"])), (vec![1, 2], vec![3, 4]));
    let process = first["process_id"].as_str().unwrap();
    assert_eq!(process.len(), 32);
    assert_ne!(first["process_id"], second["process_id"]);
    // A change of what is reserved is a row of its own.
    change(&bench, 1).await;
    let again = json!({"clear": 0, "process_id": process});
    assert_eq!(deals(&get(&bench, &app, again.clone()).await["events"]), [1, 2]);
    let listed = call(&bench, &app, "event.offline.list", json!({"filter": {"=PROCESS_ID": ""}})).await;
    assert_eq!(deals(listed.result()), [1]);

    let clear = |params| call(&bench, &app, "event.offline.clear", params);
    // Nobody confirms what another process holds.
    assert_eq!(*clear(json!({"process_id": process, "id": [3]})).await.result(), true);
    clear(json!({"process_id": process, "id": ["1"]})).await.result();
    assert_eq!(deals(&get(&bench, &app, again.clone()).await["events"]), [2]);
    let message = &first["events"][1]["MESSAGE_ID"];
    clear(json!({"process_id": process, "message_id": [message]})).await.result();
    assert_eq!(get(&bench, &app, again).await["events"], json!([]));
    clear(json!({"process_id": second["process_id"]})).await.result();
    assert_eq!(deals(&get(&bench, &app, json!({})).await["events"]), [1]);
    for params in [json!({}), json!({"process_id": "x", "id": 5}), json!({"process_id": "x", "message_id": ["short"]})]
    {
        assert_eq!(clear(params).await.error(), "ERROR_ARGUMENT");
    }
}

#[tokio::test]
async fn a_process_that_reads_again_without_clear_0_clears_all_it_holds() {
    let (bench, app, _) = bench(portal()).await;
    for id in 1..=3 {
        change(&bench, id).await;
    }
    let held = get(&bench, &app, json!({"clear": 0})).await;
    let read = get(&bench, &app, json!({"process_id": held["process_id"], "limit": 1})).await;
    assert_eq!((deals(&read["events"]), &read["process_id"]), (vec![1], &held["process_id"]));
    let listed = call(&bench, &app, "event.offline.list", json!({})).await;
    assert_eq!((listed.result(), &listed.body["total"]), (&json!([]), &json!(0)));
}

#[tokio::test]
async fn without_ids_all_rows_of_the_process_are_cleared_and_no_others() {
    let (bench, app, _) = bench(portal()).await;
    for id in 1..=3 {
        change(&bench, id).await;
    }
    let held = get(&bench, &app, json!({"clear": 0, "limit": 2})).await;
    call(&bench, &app, "event.offline.clear", json!({"process_id": held["process_id"]})).await.result();
    let listed = call(&bench, &app, "event.offline.list", json!({})).await;
    assert_eq!(deals(listed.result()), [3]);
}

#[tokio::test]
async fn ids_and_message_ids_together_are_read_by_the_dialect() {
    for (dialect, left) in [(Dialect::Php, 1), (Dialect::Docs, 2)] {
        let (bench, app, _) = bench(portal().dialect(dialect)).await;
        change(&bench, 1).await;
        change(&bench, 2).await;
        let held = get(&bench, &app, json!({"clear": 0})).await;
        let (process, message) = (&held["process_id"], &held["events"][1]["MESSAGE_ID"]);
        let params = json!({"process_id": process, "id": [1], "message_id": [message]});
        call(&bench, &app, "event.offline.clear", params).await.result();
        let rest = get(&bench, &app, json!({"process_id": process})).await;
        assert_eq!(deals(&rest["events"]), [left], "{dialect:?}");
    }
}

#[tokio::test]
async fn an_error_is_given_back_to_whoever_asks_for_errors() {
    let (bench, app, _) = bench(portal()).await;
    change(&bench, 1).await;
    change(&bench, 2).await;
    let held = get(&bench, &app, json!({"clear": 0})).await;
    // Changed again, while it was worked on.
    change(&bench, 1).await;
    let params = json!({"process_id": held["process_id"], "message_id": [held["events"][0]["MESSAGE_ID"]]});
    assert_eq!(*call(&bench, &app, "event.offline.error", params).await.result(), true);
    let listed = call(&bench, &app, "event.offline.list", json!({"filter": {"ERROR": 1}})).await;
    assert_eq!((deals(listed.result()), &listed.result()[0]["PROCESS_ID"]), (vec![1], &json!("")));
    assert_eq!(get(&bench, &app, json!({})).await["events"], json!([]));
    assert_eq!(deals(&get(&bench, &app, json!({"error": 1})).await["events"]), [1]);
    let wrong = call(&bench, &app, "event.offline.error", json!({"process_id": "x"})).await;
    assert_eq!((wrong.status, wrong.error()), (400, "ERROR_ARGUMENT"));
}

#[tokio::test]
async fn reserved_rows_are_dropped_after_34_days() {
    let (bench, app, _) = bench(portal().access_token_life(Duration::MAX)).await;
    change(&bench, 1).await;
    change(&bench, 2).await;
    let held = get(&bench, &app, json!({"clear": 0, "limit": 1})).await;
    bench.clock.advance(Duration::from_secs(2_952_000));
    let again = json!({"clear": 0, "process_id": held["process_id"]});
    assert_eq!(deals(&get(&bench, &app, again.clone()).await["events"]), [1]);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(get(&bench, &app, again).await["events"], json!([]));
    assert_eq!(deals(&get(&bench, &app, json!({})).await["events"]), [2]);
}

#[tokio::test]
async fn the_queue_is_filtered_and_sorted_strictly() {
    let (bench, app, _) = bench(portal()).await;
    for id in 1..=60 {
        change(&bench, id).await;
    }
    let list = |params| call(&bench, &app, "event.offline.list", params);
    let page = list(json!({"filter": {">ID": 5, "<=id": 58}, "order": {"id": "desc"}})).await;
    assert_eq!((deals(page.result())[0], page.result().as_array().unwrap().len()), (58, 50));
    assert_eq!((&page.body["next"], &page.body["total"]), (&json!(50), &json!(53)));
    let rest = list(json!({"filter": {">ID": 5, "<=id": 58}, "order": {"id": "desc"}, "start": 50})).await;
    assert_eq!((deals(rest.result()), rest.body.get("next")), (vec![8, 7, 6], None));
    let named = list(json!({"filter": {"@ID": [3, 4], "%EVENT_NAME": "DEAL", ">=TIMESTAMP_X": "2026-08-20"}})).await;
    assert_eq!(deals(named.result()), [3, 4]);
    let later = list(json!({"filter": {">TIMESTAMP_X": "2026-08-20T15:00:00+03:00"}})).await;
    assert_eq!(*later.result(), json!([]));
    for params in [
        json!({"filter": {"!ID": 5}}),
        json!({"filter": {"EVENT_DATA": 5}}),
        json!({"filter": "x"}),
        json!({"order": {"ID": "up"}}),
        json!({"order": {"APP_ID": "asc"}}),
    ] {
        assert_eq!(list(params).await.error(), "ERROR_ARGUMENT");
    }
    let get = |params| call(&bench, &app, "event.offline.get", params);
    assert_eq!(get(json!({"limit": 0})).await.error(), "ERROR_ARGUMENT");
    assert_eq!(get(json!({"filter": {"PROCESS_ID": "x"}})).await.error(), "ERROR_ARGUMENT");
    assert_eq!(deals(&get(json!({})).await.result()["events"]).len(), 50);
    assert_eq!(deals(&get(json!({"limit": 100, "filter": {"<ID": 53}})).await.result()["events"]), [51, 52]);
}

#[tokio::test]
async fn an_application_is_not_told_of_what_it_does_itself() {
    let (bench, app, _) = bench(portal()).await;
    let params = json!({"event": "ONCRMDEALUPDATE", "event_type": "offline", "auth_connector": "sync"});
    call(&bench, &app, "event.bind", params).await.result();
    let update = |id: u32, connector: &str| {
        let params = json!({"id": id, "fields": {"TITLE": "x"}, "auth_connector": connector});
        call(&bench, &app, "crm.deal.update", params)
    };
    update(1, "").await.result();
    update(2, "sync").await.result();
    update(3, "other").await.result();
    let cmd = json!({"cmd": ["crm.deal.update?id=4&fields[TITLE]=x"], "auth_connector": "sync"});
    call(&bench, &app, "batch", cmd).await.result();
    change(&bench, 5).await;
    assert_eq!(deals(&get(&bench, &app, json!({})).await["events"]), [2, 3, 4, 5]);
    assert_eq!(deals(&get(&bench, &app, json!({"auth_connector": "sync"})).await["events"]), [1, 3, 5]);
}

#[tokio::test]
async fn a_plan_without_extended_events_has_no_reservations_and_no_connectors() {
    let (bench, app, _) = bench(portal().extended_offline_events(false)).await;
    change(&bench, 1).await;
    for params in [json!({"clear": 0}), json!({"auth_connector": "sync"})] {
        let reply = call(&bench, &app, "event.offline.get", params).await;
        assert_eq!((reply.status, reply.error()), (403, "WRONG_LICENSE"));
    }
    assert_eq!(deals(&get(&bench, &app, json!({})).await["events"]), [1]);
}

#[tokio::test]
async fn a_doorbell_without_a_pause_rings_once_for_each_request() {
    let (bench, app, inbox) = bench(portal()).await;
    let quick = json!({"event": "ONOFFLINEEVENT", "handler": "https://app.example/bell", "options": {"minTimeout": 0}});
    call(&bench, &app, "event.bind", quick).await.result();
    for _ in 0..2 {
        let change = |id: i64| format!("crm.deal.update?id={id}&fields[TITLE]=x");
        bench.v2("batch", &json!({"cmd": [change(1), change(2), change(3)]})).await.result();
        bench.portal.deliveries_done().await;
        assert_eq!(inbox.take().len(), 1);
    }
}

#[tokio::test]
async fn the_doorbell_rings_at_most_once_a_second() {
    let (bench, app, inbox) = bench(portal()).await;
    bind(&bench, &app, "ONOFFLINEEVENT", "https://app.example/bell").await;
    let slow = json!({"event": "ONOFFLINEEVENT", "handler": "https://app.example/slow", "options": {"minTimeout": 60}});
    call(&bench, &app, "event.bind", slow).await.result();
    let ring = async |id| {
        change(&bench, id).await;
        bench.portal.deliveries_done().await;
        inbox.take().iter().map(|letter| letter.url.replace("https://app.example/", "")).collect::<Vec<_>>()
    };
    assert_eq!(ring(1).await, ["bell", "slow"]);
    assert_eq!(ring(2).await, [""; 0]);
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(ring(3).await, ["bell"]);
    bench.clock.advance(Duration::from_secs(59));
    change(&bench, 4).await;
    bench.portal.deliveries_done().await;
    let letters = inbox.take();
    assert_eq!(letters.len(), 2);
    assert!(!letters[0].fields.keys().any(|name| name.starts_with("data")), "{letters:?}");
    assert!(letters[0].get("auth[refresh_token]").is_some());
    // Nothing new in the queue, no bell.
    bench.clock.advance(Duration::from_secs(60));
    bench.portal.fire_event("ONCRMDEALADD", json!({}));
    bench.portal.deliveries_done().await;
    assert!(inbox.all().is_empty());
}
