//! Any number of commands against the embedded portal: order, halting, limits, lost requests, memory.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use b24::{
    B24, Error, Limiter, Restrictions, RetryPolicy,
    batch::{Command, Outcome},
};
use b24_portal::{Fault, Limits, Portal};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

fn portal(limits: Limits) -> (Portal, B24) {
    let portal = Portal::builder().rows(200).limits(limits).in_process();
    let mut restrictions = Restrictions::default();
    restrictions.retry = RetryPolicy::default().with_retry_delay(Duration::from_millis(1));
    let limiter = Limiter::new(restrictions.clone()).unwrap();
    let builder = B24::builder().http_client(portal.service()).restrictions(restrictions).unwrap().limiter(limiter);
    let b24 = builder.webhook_url(&portal.hook_url()).unwrap();
    (portal, b24)
}

fn get(id: usize) -> (&'static str, Value) {
    ("crm.deal.get", json!({ "id": id }))
}

fn add(title: &str) -> (&'static str, Value) {
    ("crm.deal.add", json!({ "fields": { "TITLE": title } }))
}

async fn deals(b24: &B24) -> u64 {
    b24.v2().call("crm.deal.list").send::<Value>().await.unwrap().total.unwrap()
}

#[tokio::test(start_paused = true)]
async fn rows_come_in_order_with_their_absolute_places_however_many_batches_are_under_way() {
    for concurrency in [1, 4, 50] {
        let (portal, b24) = portal(Limits::off());
        let commands = (0..333).map(|place| get(if place % 50 == 7 { 9000 } else { place % 200 + 1 }));
        let bulk = b24.v2().bulk(commands).halt_on_error(false).concurrency(concurrency);
        let rows: Vec<_> = bulk.rows::<Value>().try_collect().await.unwrap();
        assert_eq!(rows.iter().map(|row| row.index).collect::<Vec<_>>(), (0..333).collect::<Vec<_>>());
        for row in rows {
            match row.outcome {
                Outcome::Done(deal) => assert_eq!(deal.result["ID"], (row.index % 200 + 1).to_string()),
                Outcome::Failed(_) => assert_eq!(row.index % 50, 7),
                Outcome::NotRun => panic!("{}", row.index),
            }
        }
        assert_eq!(portal.requests().len(), 7);
    }
}

// Defect 15 of the official SDK: an error halted its own chunk only.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_or_taken_after_the_first_error_that_halts() {
    let (portal, b24) = portal(Limits::off());
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let commands = (0..200).map(move |place| {
        counter.fetch_add(1, Ordering::Relaxed);
        get(if place == 60 { 9000 } else { 1 })
    });
    let (rows, lost) = b24.v2().bulk(commands).collect::<Value>().await.into_parts();
    let words: Vec<_> = rows.iter().map(|row| matches!(row.outcome, Outcome::NotRun)).collect();
    assert_eq!((words.len(), words.iter().filter(|not_run| **not_run).count()), (100, 39));
    assert!(rows[60].outcome.error().is_some() && lost.is_empty());
    assert_eq!((portal.requests().len(), taken.load(Ordering::Relaxed)), (2, 100));
}

#[tokio::test(start_paused = true)]
async fn a_lost_request_names_its_commands_and_the_others_keep_their_rows() {
    let (portal, b24) = portal(Limits::off());
    let mut rows = b24.v2().bulk((0..150).map(|_| add("x"))).halt_on_error(false).concurrency(1).rows::<u64>();
    for _ in 0..50 {
        assert!(rows.next().await.unwrap().unwrap().outcome.is_done());
    }
    portal.fault(Fault::lost_response());
    let lost = rows.next().await.unwrap().unwrap_err();
    assert_eq!(lost.places(), (50..100).collect::<Vec<_>>());
    assert!(lost.error().may_have_run());
    assert_eq!(lost.to_string(), "the request with 50 commands from 50 to 99 failed");
    assert_eq!(rows.by_ref().filter(|row| std::future::ready(row.is_ok())).count().await, 50);
    // Sent once each: nothing is there twice.
    assert_eq!((portal.requests().len(), deals(&b24).await), (3, 350));
}

#[tokio::test(start_paused = true)]
async fn with_halting_a_lost_request_is_the_end() {
    let (portal, b24) = portal(Limits::off());
    portal.fault(Fault::lost_response());
    let report = b24.v2().bulk((0..150).map(|_| add("x"))).collect::<u64>().await;
    assert_eq!((report.rows().len(), report.lost().len()), (0, 1));
    assert!(report.into_results().unwrap_err().may_have_run());
    assert_eq!(deals(&b24).await, 250);
}

// Fact: a command whose method has used up its operating time is refused, half way through a batch too.
#[tokio::test(start_paused = true)]
async fn commands_refused_for_a_limit_are_sent_again_once_it_has_passed() {
    for halt in [true, false] {
        let limits = Limits::default().with_operating(Duration::from_secs(100)).with_operating_reported(false);
        let portal = Portal::builder().rows(10).limits(limits).method_cost("crm.deal.add", Duration::from_secs(8));
        let portal = portal.in_process();
        let limiter = Limiter::new(Restrictions::default()).unwrap();
        let builder = B24::builder().http_client(portal.service()).limiter(limiter);
        let b24 = builder.webhook_url(&portal.hook_url()).unwrap();
        let titles: Vec<_> = (0..30).map(|place| format!("deal {place}")).collect();
        let report = b24.v2().bulk(titles.iter().map(|title| add(title))).halt_on_error(halt).collect::<u64>().await;
        let ids = report.into_results().unwrap();
        assert_eq!((ids.len(), deals(&b24).await), (30, 40), "halt: {halt}");
        if halt {
            assert!(ids.is_sorted(), "in order: {ids:?}");
        }
        let batches = portal.requests().iter().filter(|request| request.method == "batch").count();
        assert!((2..=6).contains(&batches), "{batches} batches");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_batch_cannot_carry_goes_alone_and_arrives_as_it_is() {
    let (portal, b24) = portal(Limits::off());
    let title = |text: &str| ("crm.deal.add", json!({ "fields": { "TITLE": text, "COMMENTS": null } }));
    let commands = [add("plain"), title("with null"), add("costs $result[0] a piece"), add("plain again")];
    let ids = b24.v2().bulk(commands).collect::<u64>().await.into_results().unwrap();
    let methods: Vec<_> = portal.requests().iter().map(|request| request.method.clone()).collect();
    assert_eq!(methods, ["batch", "crm.deal.add", "crm.deal.add", "batch"]);
    let third = b24.v2().call("crm.deal.get").params(json!({ "id": ids[2] })).send::<Value>().await.unwrap().result;
    assert_eq!(third["TITLE"], "costs $result[0] a piece");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_makes_no_sense_is_a_failure_of_its_own() {
    let (portal, b24) = portal(Limits::off());
    let commands = [Command::from(get(1)), Command::new("batch"), Command::new("a/b"), Command::from(get(2))];
    let report = b24.v2().bulk(commands).halt_on_error(false).collect::<Value>().await;
    let codes: Vec<_> = report.rows().iter().map(|row| row.outcome.error().map(Error::code)).collect();
    assert_eq!(codes, [None, Some("INVALID_METHOD"), Some("INVALID_METHOD"), None]);
    assert_eq!(portal.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn commands_are_taken_only_as_they_are_needed() {
    let (_portal, b24) = portal(Limits::off());
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    // Without end.
    let commands = stream::iter(std::iter::repeat_with(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        Command::from(get(1))
    }));
    let mut rows = b24.v2().bulk_stream(commands).halt_on_error(false).concurrency(3).rows::<Value>();
    for read in 1..=1000 {
        rows.next().await.unwrap().unwrap();
        let ahead = taken.load(Ordering::Relaxed) - read;
        assert!(ahead <= 4 * 50, "{ahead} commands ahead");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_is_that_of_the_whole() {
    let portal = Portal::builder().rows(1).limits(Limits::off()).latency(Duration::from_secs(3)).in_process();
    let b24 = B24::builder().http_client(portal.service()).webhook_url(&portal.hook_url()).unwrap();
    let run = |seconds| {
        let options = b24::CallOptions::default().with_deadline(Duration::from_secs(seconds)).with_max_retries(0);
        b24.v2().bulk((0..200).map(|_| get(1))).options(options).collect::<Value>()
    };
    // Four batches of three seconds.
    let report = run(8).await;
    assert_eq!((report.rows().len(), report.lost().len()), (100, 1));
    assert_eq!(run(13).await.rows().len(), 200);
}

// A wrong type must not make deals for which nobody asked any more.
#[tokio::test(start_paused = true)]
async fn a_result_that_does_not_fit_halts_too() {
    let (portal, b24) = portal(Limits::off());
    let (rows, _) = b24.v2().bulk((0..120).map(|_| add("x"))).collect::<Vec<u8>>().await.into_parts();
    assert_eq!((rows.len(), portal.requests().len(), deals(&b24).await), (50, 1, 250));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_refused_as_a_whole_for_a_limit_is_sent_again() {
    let (portal, b24) = portal(Limits::off());
    portal.fault(Fault::query_limit_exceeded().times(5));
    let ids = b24.v2().bulk((0..60).map(|_| add("x"))).collect::<u64>().await.into_results().unwrap();
    assert_eq!((ids.len(), deals(&b24).await), (60, 260));
}

#[tokio::test(start_paused = true)]
async fn what_was_gathered_and_not_sent_is_dropped_when_the_end_is_asked_for() {
    let (portal, b24) = portal(Limits::off());
    // As from a terminal: 70 commands, and then nobody types.
    let commands = stream::iter((0..70).map(|_| Command::from(add("x")))).chain(stream::pending());
    let end = tokio::time::sleep(Duration::from_secs(5));
    let rows: Vec<_> = b24.v2().bulk_stream(commands).until(end).rows::<u64>().try_collect().await.unwrap();
    assert_eq!((rows.len(), portal.requests().len(), deals(&b24).await), (50, 1, 250));
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_after_the_deadline() {
    let portal = Portal::builder().rows(1).limits(Limits::off()).latency(Duration::from_secs(3)).in_process();
    let b24 = B24::builder().http_client(portal.service()).webhook_url(&portal.hook_url()).unwrap();
    let options = b24::CallOptions::default().with_deadline(Duration::from_secs(8)).with_max_retries(0);
    let endless = std::iter::repeat_with(|| get(1));
    let bulk = b24.v2().bulk(endless).halt_on_error(false).concurrency(1).options(options);
    let report = bulk.collect::<Value>().await;
    assert_eq!((report.rows().len(), report.lost().len()), (100, 1));
}
