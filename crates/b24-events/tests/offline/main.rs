//! Offline events against a portal that is a list of answers, on a paused clock.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[path = "../common/portal.rs"]
mod portal;
mod resume;

use std::time::Duration;

use b24_core::{ErrorKind, Order, Priority, RestResponse, RetryOnNetworkError, Safety};
use b24_events::{Doorbell, OfflineEvents};
use futures_util::{FutureExt, StreamExt};
use http::StatusCode;
use portal::{Portal, page};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn events_are_reserved_and_confirmed_by_their_ids() {
    let portal = Portal::default().page("p1", [3, 4]).says(&json!(true));
    let batch = OfflineEvents::new(portal.clone()).next().await.unwrap().unwrap();
    assert_eq!((batch.process_id(), batch.events().len()), (Some("p1"), 2));
    batch.confirm().await.unwrap();
    let want = [
        ("event.offline.get".to_owned(), json!({ "clear": 0, "limit": 50, "error": 0 })),
        // Ids, because the portal deletes the whole reservation without them.
        ("event.offline.clear".to_owned(), json!({ "process_id": "p1", "id": [3, 4] })),
    ];
    assert_eq!(portal.asked(), want);
}

#[tokio::test(start_paused = true)]
async fn what_takes_events_is_never_repeated_and_all_else_may_be() {
    let portal =
        Portal::default().page("p1", [3]).page("p2", [4]).page("p0", [1]).says(&json!(true)).says(&json!(true));
    let mut deleting = OfflineEvents::builder(portal.clone()).delete_on_read().build();
    deleting.next().await.unwrap().unwrap();
    OfflineEvents::new(portal.clone()).next().await.unwrap().unwrap();
    let again = OfflineEvents::builder(portal.clone()).resume("p0").build().next().await.unwrap().unwrap();
    again.confirm().await.unwrap();
    again.fail(["m1"]).await.unwrap();
    let safe: Vec<_> = (0..5).map(|place| portal.safety(place)).collect();
    let (no, yes) = (Safety::NotIdempotent, Safety::Idempotent);
    assert_eq!(safe, [no, no, yes, yes, yes]);
    // A stack may be told to repeat everything; that does not go for this.
    let repeats = portal.request(1).options().retry_on_network_error();
    assert_eq!((repeats, portal.request(1).options().priority()), (Some(RetryOnNetworkError::Never), Priority::Bulk));
}

#[tokio::test(start_paused = true)]
async fn settings_go_into_every_request() {
    let portal = Portal::default().page("p1", [3]).says(&json!(true)).says(&json!(true));
    let order = Order::new().desc("TIMESTAMP_X").asc("ID");
    let events = OfflineEvents::builder(portal.clone()).event("onCrmDealAdd").order(order).page_size(7);
    let mut events = events.auth_connector("crm-sync").build();
    let batch = events.next().await.unwrap().unwrap();
    batch.confirm_some([3]).await.unwrap();
    batch.fail(["m3"]).await.unwrap();
    let get = json!({
        "clear": 0, "filter": { "=EVENT_NAME": "ONCRMDEALADD" }, "order": { "TIMESTAMP_X": "DESC", "ID": "ASC" },
        "limit": 7, "error": 0, "auth_connector": "crm-sync",
    });
    let clear = json!({ "process_id": "p1", "id": [3], "auth_connector": "crm-sync" });
    let error = json!({ "process_id": "p1", "message_id": ["m3"], "auth_connector": "crm-sync" });
    let asked = portal.asked().into_iter().map(|(_, params)| params).collect::<Vec<_>>();
    assert_eq!(asked, [get, clear, error]);
    assert_eq!(portal.asked()[2].0, "event.offline.error");
    // The order of keys means something, which a `Value` does not show.
    let sent = String::from_utf8(portal.request(0).params().as_bytes().to_vec()).unwrap();
    assert!(sent.contains(r#""order":{"TIMESTAMP_X":"DESC","ID":"ASC"}"#), "{sent}");
}

#[tokio::test(start_paused = true)]
async fn none_is_not_all() {
    // An empty list would mean the whole reservation to the portal.
    let portal = Portal::default().page("p1", [3]);
    let batch = OfflineEvents::new(portal.clone()).next().await.unwrap().unwrap();
    batch.confirm_some([]).await.unwrap();
    batch.fail(Vec::<String>::new()).await.unwrap();
    assert_eq!(portal.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_full_page_is_followed_at_once_and_another_one_by_the_timer() {
    let portal = Portal::default().page("p1", [1, 2]).page("p2", [3]).page("p3", []).page("p4", [4]);
    let mut events = OfflineEvents::builder(portal.clone()).page_size(2).build();
    let start = Instant::now();
    for (id, after) in [(1, Duration::ZERO), (3, Duration::ZERO), (4, 2 * MINUTE)] {
        assert_eq!(events.next().await.unwrap().unwrap().events()[0].id, id);
        assert_eq!(start.elapsed(), after, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_bell_ends_a_wait_and_rings_that_came_before_an_asking_count_as_one() {
    let bell = Doorbell::new();
    let portal = Portal::default().page("p", []).page("p", []).page("p", [1]).page("p", [2]);
    let mut events = OfflineEvents::builder(portal.clone()).doorbell(&bell).build();
    let start = Instant::now();
    let handler = {
        let bell = bell.clone();
        tokio::spawn(async move {
            sleep(Duration::from_secs(5)).await;
            bell.ring();
            bell.ring();
        })
    };
    let batch = events.next().await.unwrap().unwrap();
    handler.await.unwrap();
    // Empty at 0 s, empty at the ring, and the timer after that.
    assert_eq!((batch.events()[0].id, start.elapsed()), (1, Duration::from_secs(65)));
    // While the program is at work.
    bell.ring();
    events.next().await.unwrap().unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(65));
}

#[tokio::test(start_paused = true)]
async fn a_ring_during_an_asking_brings_another_one() {
    let bell = Doorbell::new();
    let empty = RestResponse::read(StatusCode::OK, json!({ "result": page("p", []) }).to_string().into());
    let slow = async {
        sleep(Duration::from_secs(5)).await;
        empty
    };
    let portal = Portal::default().answers(slow).page("p", [1]);
    let mut events = OfflineEvents::builder(portal).doorbell(&bell).build();
    let start = Instant::now();
    let ring = async {
        sleep(Duration::from_secs(3)).await;
        bell.ring();
    };
    let (batch, ()) = tokio::join!(events.next(), ring);
    assert_eq!((batch.unwrap().unwrap().events()[0].id, start.elapsed()), (1, Duration::from_secs(5)));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_confirmed_or_marked_is_said() {
    let portal = Portal::default().page("p1", [3]).refuses(500, "X", "no").loses_the_answer();
    let batch = OfflineEvents::new(portal).next().await.unwrap().unwrap();
    assert_eq!(batch.confirm().await.unwrap_err().code(), "X");
    assert!(batch.fail(["m3"]).await.unwrap_err().may_have_run());
}

#[tokio::test(start_paused = true)]
async fn a_timer_of_nothing_is_a_second() {
    let portal = Portal::default().page("p", []).page("p", [1]);
    let start = Instant::now();
    OfflineEvents::builder(portal).poll_every(Duration::ZERO).build().next().await.unwrap().unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_passes_comes_once_and_the_stream_goes_on() {
    let portal = Portal::default()
        .refuses(503, "QUERY_LIMIT_EXCEEDED", "")
        .loses_the_answer()
        .answers(async { RestResponse::read(StatusCode::OK, "<html>".into()) })
        .page("p1", [1]);
    let events = OfflineEvents::new(portal.clone());
    let start = Instant::now();
    let items: Vec<_> = events.take(4).collect().await;
    let kinds: Vec<_> = items[..3].iter().map(|item| item.as_ref().unwrap_err().kind()).collect();
    assert_eq!(kinds, [ErrorKind::Rest, ErrorKind::Transport, ErrorKind::Decode]);
    assert!(items[1].as_ref().unwrap_err().may_have_run());
    assert_eq!(items[0].as_ref().unwrap_err().request().unwrap().method().as_str(), "event.offline.get");
    assert_eq!((items[3].as_ref().unwrap().events()[0].id, start.elapsed()), (1, 3 * MINUTE));
}

#[tokio::test(start_paused = true)]
async fn an_error_that_does_not_pass_comes_and_then_nothing() {
    for (status, code) in
        [(403, "WRONG_LICENSE"), (403, "ACCESS_DENIED"), (401, "NO_AUTH_FOUND"), (400, "ERROR_ARGUMENT")]
    {
        let portal = Portal::default().refuses(status, code, "");
        let mut events = OfflineEvents::new(portal.clone());
        assert_eq!(events.next().await.unwrap().unwrap_err().code(), code);
        assert!(events.next().await.is_none() && events.next().await.is_none());
        // Nothing was tried in place of it: reading with deletion would have worked.
        assert_eq!(portal.count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn deletion_has_to_be_asked_for_and_leaves_nothing_to_confirm() {
    let mut taken = page("", [1]);
    taken["process_id"] = Value::Null;
    let portal = Portal::default().says(&taken);
    let mut events = OfflineEvents::builder(portal.clone()).delete_on_read().sole_consumer().build();
    let batch = events.next().await.unwrap().unwrap();
    assert_eq!((batch.process_id(), batch.events()[0].id), (None, 1));
    batch.confirm().await.unwrap();
    assert_eq!(portal.asked(), [("event.offline.get".to_owned(), json!({ "clear": 1, "limit": 50, "error": 0 }))]);
}

#[tokio::test(start_paused = true)]
async fn failed_events_come_when_asked_for_and_cannot_fail_again() {
    let portal = Portal::default().page("p1", [1]);
    let batch = OfflineEvents::builder(portal.clone()).failed().build().next().await.unwrap().unwrap();
    assert_eq!(portal.asked()[0].1["error"], 1);
    let error = batch.fail(["m1"]).await.unwrap_err();
    assert_eq!((error.kind(), portal.count()), (ErrorKind::Usage, 1));
}

#[tokio::test(start_paused = true)]
async fn next_can_be_given_up_without_losing_an_answer() {
    let late = async {
        sleep(Duration::from_secs(20)).await;
        RestResponse::read(StatusCode::OK, json!({ "result": page("p1", [1]) }).to_string().into())
    };
    let portal = Portal::default().answers(late);
    let mut events = OfflineEvents::new(portal.clone());
    assert!(timeout(Duration::from_secs(5), events.next()).await.is_err());
    assert_eq!(events.next().await.unwrap().unwrap().events()[0].id, 1);
    assert_eq!(portal.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_the_first_event_is() {
    let portal = Portal::default().never_answers();
    let mut events = OfflineEvents::new(portal.clone());
    sleep(MINUTE).await;
    assert_eq!(portal.count(), 0);
    assert!(events.next().now_or_never().is_none());
    assert_eq!(portal.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_empty_queue_has_many_spellings() {
    let portal = Portal::default()
        .says(&json!({ "process_id": "x", "events": [] }))
        .says(&json!({ "process_id": null, "events": {} }))
        .says(&json!({ "process_id": "", "events": false }))
        .says(&json!({ "process_id": "p", "events": { "3": { "ID": 3, "EVENT_NAME": "A" } } }));
    assert_eq!(OfflineEvents::new(portal).next().await.unwrap().unwrap().events()[0].id, 3);
}

#[test]
fn pullers_and_batches_cross_threads() {
    fn check<T: Send + std::fmt::Debug + Unpin>() {}
    check::<OfflineEvents<Portal>>();
    check::<b24_events::offline::OfflineBatch<Portal>>();
    check::<b24_events::offline::OfflineEventsBuilder<Portal>>();
    check::<Doorbell>();
}
