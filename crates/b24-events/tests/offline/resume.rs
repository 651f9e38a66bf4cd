//! What an earlier run has left, and what a lost answer has.

use std::time::Duration;

use b24_core::Safety;
use b24_events::{Doorbell, OfflineEvents};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::portal::Portal;

fn listed(rows: &[(u64, &str)]) -> Value {
    rows.iter()
        .map(|(id, process_id)| json!({ "ID": id.to_string(), "PROCESS_ID": process_id, "ERROR": "0" }))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_stored_id_reads_its_events_again_before_anything_new_is_taken() {
    let portal = Portal::default().page("old", [1, 2]).says(&json!(true)).page("new", [3]);
    let mut events = OfflineEvents::builder(portal.clone()).event("ONCRMDEALADD").resume("old").build();
    let again = events.next().await.unwrap().unwrap();
    assert_eq!(again.process_id(), Some("old"));
    again.confirm().await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some("new"));
    let asked = portal.asked();
    // `clear` is said, for the portal would delete; and no name, for the whole reservation is wanted.
    let want = json!({ "clear": 0, "process_id": "old", "order": { "ID": "ASC" }, "limit": 50, "error": 0 });
    assert_eq!(asked[0].1, want);
    assert_eq!(asked[1].1, json!({ "process_id": "old", "id": [1, 2] }));
    assert_eq!(portal.safety(0), Safety::Idempotent);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_known_no_more_brings_nothing_and_costs_no_wait() {
    let portal = Portal::default().page("old", []).page("older", []).page("new", [3]);
    let start = Instant::now();
    let mut events = OfflineEvents::builder(portal).resume("old").resume("older").build();
    assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some("new"));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_is_larger_than_a_page_is_read_to_its_end() {
    let portal = Portal::default().page("old", [4, 7]).page("old", [9]).page("new", [11]);
    let mut events = OfflineEvents::builder(portal.clone()).page_size(2).resume("old").build();
    for first in [4, 9, 11] {
        assert_eq!(events.next().await.unwrap().unwrap().events()[0].id, first);
    }
    assert_eq!(portal.asked()[1].1["filter"], json!({ ">ID": 7 }));
    assert_eq!(portal.asked()[2].1["filter"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn a_portal_that_gives_the_same_page_for_ever_does_not_hold_it_up() {
    let portal = Portal::default().page("old", [4, 7]).page("old", [4, 7]).page("new", [11]);
    let mut events = OfflineEvents::builder(portal).page_size(2).resume("old").build();
    for first in [4, 4, 11] {
        assert_eq!(events.next().await.unwrap().unwrap().events()[0].id, first);
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_whose_reading_failed_is_read_again_later() {
    let portal = Portal::default().loses_the_answer().page("old", [1]);
    let mut events = OfflineEvents::builder(portal).resume("old").build();
    events.next().await.unwrap().unwrap_err();
    assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some("old"));
}

#[tokio::test(start_paused = true)]
async fn reservations_are_counted_over_all_pages_and_free_rows_left_out() {
    let portal =
        Portal::default().says(&listed(&[(1, "a"), (2, ""), (3, "b")])).says(&listed(&[(8, "a")])).says(&json!([]));
    let found = OfflineEvents::builder(portal.clone()).auth_connector("c").reservations().await.unwrap();
    let found: Vec<_> = found.iter().map(|one| (&*one.process_id, one.events)).collect();
    assert_eq!(found, [("a", 2), ("b", 1)]);
    let (method, params) = portal.asked().swap_remove(1);
    assert_eq!(method, "event.offline.list");
    let filter = json!({ ">ID": 3, ">PROCESS_ID": "", "=ERROR": 0 });
    assert_eq!(params, json!({ "filter": filter, "order": { "ID": "ASC" }, "auth_connector": "c" }));
    assert_eq!(portal.safety(1), Safety::Idempotent);
}

#[tokio::test(start_paused = true)]
async fn a_sole_consumer_takes_up_what_is_left_at_its_start() {
    let portal = Portal::default().says(&listed(&[(1, "left")])).says(&json!([])).page("left", [1]).page("new", [2]);
    let mut events = OfflineEvents::builder(portal).resume("left").sole_consumer().build();
    // Once, though it was said twice.
    assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some("left"));
    assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some("new"));
}

#[tokio::test(start_paused = true)]
async fn a_sole_consumer_finds_what_a_lost_answer_held_and_leaves_alone_what_it_works_on() {
    let portal = Portal::default()
        .says(&json!([]))
        .page("work", [1, 2])
        .page("done", [3, 4])
        .loses_the_answer()
        .says(&listed(&[(1, "work"), (3, "done"), (5, "lost")]))
        .says(&json!([]))
        .page("done", [3, 4])
        .page("done", [])
        .page("lost", [5]);
    let mut events = OfflineEvents::builder(portal.clone()).page_size(2).sole_consumer().build();
    let at_work = events.next().await.unwrap().unwrap();
    // Given up without a word: it is left over, too.
    drop(events.next().await.unwrap().unwrap());
    assert!(events.next().await.unwrap().unwrap_err().may_have_run());
    for process_id in ["done", "lost"] {
        assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some(process_id));
    }
    assert_eq!(at_work.process_id(), Some("work"));
}

#[tokio::test(start_paused = true)]
async fn a_sole_consumer_takes_up_what_was_given_up_when_the_time_is_over_and_not_before() {
    let bell = Doorbell::new();
    let left = listed(&[(1, "given up")]);
    let portal = Portal::default()
        .says(&json!([]))
        .page("given up", [1])
        .page("none", [])
        .says(&left)
        .says(&json!([]))
        .page("given up", [1])
        .page("none", [])
        .says(&left)
        .says(&json!([]))
        .page("new", [2]);
    let mut events = OfflineEvents::builder(portal.clone()).sole_consumer().doorbell(&bell).build();
    let start = Instant::now();
    drop(events.next().await.unwrap().unwrap());
    // The bell is for what is new.
    bell.ring();
    let again = events.next().await.unwrap().unwrap();
    assert_eq!((again.process_id(), start.elapsed()), (Some("given up"), Duration::from_secs(60)));
    // What is in hand is not.
    assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some("new"));
    assert_eq!((start.elapsed(), portal.count()), (Duration::from_secs(120), 10));
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_under_way_keeps_its_events_in_hand() {
    let portal = Portal::default()
        .says(&json!([]))
        .page("work", [1])
        .never_answers()
        .loses_the_answer()
        .says(&listed(&[(1, "work")]))
        .says(&json!([]))
        .page("new", [2]);
    let mut events = OfflineEvents::builder(portal).sole_consumer().build();
    let batch = events.next().await.unwrap().unwrap();
    let confirmation = tokio::spawn(batch.confirm());
    drop(batch);
    tokio::task::yield_now().await;
    events.next().await.unwrap().unwrap_err();
    assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some("new"));
    confirmation.abort();
}

#[tokio::test(start_paused = true)]
async fn a_reservation_in_two_pages_is_in_hand_until_both_are_given_up() {
    let portal = Portal::default()
        .says(&listed(&[(1, "large"), (2, "large")]))
        .says(&json!([]))
        .page("large", [1])
        .page("large", [2])
        .page("large", [])
        .page("none", [])
        .says(&listed(&[(2, "large")]))
        .says(&json!([]))
        .page("new", [3]);
    let mut events = OfflineEvents::builder(portal).page_size(1).sole_consumer().build();
    let first = events.next().await.unwrap().unwrap();
    let second = events.next().await.unwrap().unwrap();
    drop(first);
    assert_eq!(events.next().await.unwrap().unwrap().process_id(), Some("new"));
    assert_eq!(second.process_id(), Some("large"));
}

#[tokio::test(start_paused = true)]
async fn who_shares_a_queue_does_not_look_for_what_others_hold() {
    let portal = Portal::default().loses_the_answer().page("new", [2]);
    let mut events = OfflineEvents::new(portal.clone());
    events.next().await.unwrap().unwrap_err();
    events.next().await.unwrap().unwrap();
    assert!(portal.asked().iter().all(|(method, _)| method == "event.offline.get"));
}
