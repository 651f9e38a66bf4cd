//! When a handler is called again: on a clock of the test's own.

mod settled;
mod taking;
mod troubled;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use b24_core::{BoxError, Secret};
use bytes::Bytes;
use tokio::time::Instant;
use troubled::Troubled;

use crate::{
    ApplicationToken, Encoding, EventService, EventServiceBuilder, Incoming, PortalTokens, Verify,
    inbox::Letter,
    verify::{LookupFuture, PortalToken, TokenLookup, VerifyFuture},
};

/// The time of day, as the paused clock of the runtime goes.
fn clock() -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let begun = Instant::now();
    move || UNIX_EPOCH + Duration::from_secs(1_700_000_000) + begun.elapsed()
}

fn builder(verification: impl Verify) -> EventServiceBuilder {
    EventService::builder(verification).clock(clock())
}

fn token() -> ApplicationToken {
    ApplicationToken::new(Secret::from("t0ken"))
}

/// Keeps an event as the service would.
async fn deliver(service: &EventService, id: u64) {
    let body = format!("event=X&ts=1&data[ID]={id}&auth[member_id]=m1&auth[application_token]=t0ken");
    let letter = Letter::new(Bytes::from(body), Encoding::Form, service.reception.shared.now());
    service.reception.shared.inbox.append(letter).await.unwrap();
    service.reception.shared.bell.notify_one();
}

#[tokio::test(start_paused = true)]
async fn a_failed_handler_is_called_six_times_over_an_hour_and_then_put_aside() {
    let calls = Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = Arc::clone(&calls);
    let begun = Instant::now();
    let (service, worker) = builder(token())
        .on_any(move |_| {
            noted.lock().unwrap().push(begun.elapsed().as_secs());
            async { Err("on purpose".into()) }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_secs(100_000)).await;
    assert_eq!(*calls.lock().unwrap(), [0, 1, 11, 71, 671, 4271]);
    let stats = service.stats();
    assert_eq!((stats.failed, stats.buried, stats.handled), (6, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_works_the_second_time_is_handled_once() {
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    let (service, worker) = builder(token())
        .on_any(move |_| {
            let call = counter.fetch_add(1, Ordering::SeqCst);
            async move { if call == 0 { panic!("the first time") } else { Ok(()) } }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    // A second delivery of it while it waits: the same event, so the attempt counts for both.
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let stats = service.stats();
    assert_eq!((stats.handled, stats.failed, stats.duplicates), (1, 1, 1));
}

/// A store that is down for a while.
#[derive(Debug)]
struct Down(Instant);

impl TokenLookup for Down {
    fn application_token<'a>(&'a self, _: &'a str) -> LookupFuture<'a> {
        let found = if self.0.elapsed() < Duration::from_secs(5) {
            Err("the store is down".into())
        } else {
            Ok(PortalToken::Token(Secret::from("t0ken")))
        };
        Box::pin(std::future::ready(found))
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_verified_now_is_neither_believed_nor_dropped() {
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    let (service, worker) = builder(PortalTokens::new(Down(Instant::now())))
        .on_any(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!((calls.load(Ordering::SeqCst), service.stats().forged), (0, 0));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!((calls.load(Ordering::SeqCst), service.stats().handled), (1, 1));
}

/// A check that panics: a bug of the program's.
#[derive(Debug)]
struct Panics;

impl Verify for Panics {
    fn verify<'a>(&'a self, _: &'a Incoming) -> VerifyFuture<'a> {
        panic!("on purpose")
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_that_panics_lets_nothing_through_and_stops_nothing() {
    let (service, worker) = builder(Panics).on_any(|_| async { Ok(()) }).build().unwrap();
    let work = tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    deliver(&service, 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!work.is_finished());
    // The first one a second time as well.
    assert_eq!((service.stats().handled, service.stats().failed), (0, 3));
}

/// A store that never answers for portals other than `m1`.
#[derive(Debug)]
struct Hangs;

impl TokenLookup for Hangs {
    fn application_token<'a>(&'a self, member_id: &'a str) -> LookupFuture<'a> {
        if member_id == "m1" {
            Box::pin(std::future::ready(Ok(PortalToken::Token(Secret::from("t0ken")))))
        } else {
            Box::pin(std::future::pending())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_that_never_ends_does_not_keep_its_place_for_ever() {
    let (service, worker) = builder(PortalTokens::new(Hangs))
        .concurrency(2.try_into().unwrap())
        .handler_timeout(Duration::from_secs(30))
        .on_any(|_| async { Ok(()) })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    for id in 0..2 {
        let body = format!("event=X&ts=1&data[ID]={id}&auth[member_id]=m2&auth[application_token]=t0ken");
        let letter = Letter::new(Bytes::from(body), Encoding::Form, service.reception.shared.now());
        service.reception.shared.inbox.append(letter).await.unwrap();
    }
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_secs(29)).await;
    assert_eq!(service.stats().handled, 0);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((service.stats().handled, service.stats().failed), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_fails_is_asked_again_a_second_later() {
    let inbox = Troubled { failed_takes: AtomicU32::new(3), ..Troubled::default() };
    let (service, worker) = builder(token()).inbox(inbox).on_any(|_| async { Ok(()) }).build().unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(service.stats().handled, 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_comes_again_while_its_end_is_written_down_is_not_handled_again() {
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    let inbox = Troubled { change: Duration::from_millis(50), ..Troubled::default() };
    let (service, worker) = builder(token())
        .inbox(inbox)
        .on_any(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(service.stats().handled, 1, "it has ended, and nobody has written that down");
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((calls.load(Ordering::SeqCst), service.stats().duplicates), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_an_inbox_fails_to_write_down_is_told_to_it_again() {
    let calls = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&calls);
    // It can neither postpone it, nor write down that it was handled.
    let inbox = Troubled { failed_changes: AtomicU32::new(5), ..Troubled::default() };
    let (service, worker) = builder(token())
        .inbox(inbox)
        .on_any(move |_| {
            let call = counter.fetch_add(1, Ordering::SeqCst);
            async move { if call == 0 { Err("on purpose".into()) } else { Ok(()) } }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    deliver(&service, 1).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!((calls.load(Ordering::SeqCst), service.stats().handled), (2, 1));
    assert_eq!(service.reception.shared.inbox.waiting().await.unwrap(), 0);
}

/// A handler may end with any error.
#[allow(dead_code, reason = "it has to compile")]
async fn any_error_will_do() -> Result<(), BoxError> {
    "x".parse::<u32>()?;
    Ok(())
}
