//! What becomes of a delivery after its answer.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use b24_core::BoxError;
use b24_events::{Event, EventService, EventServiceBuilder, RobotCall, Verified};
use http::StatusCode;
use support::{TOKEN, event, post, send, verification};
use tokio::sync::{Notify, oneshot};

fn builder() -> EventServiceBuilder {
    EventService::builder(verification())
}

/// The ids of the records that a handler was called for.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Seen {
    fn note(&self, event: &Event) {
        self.0.lock().unwrap().push(event.raw_data()["FIELDS"]["ID"].as_str().unwrap().to_owned());
    }

    fn sorted(&self) -> Vec<String> {
        let mut seen = self.0.lock().unwrap().clone();
        seen.sort();
        seen
    }
}

/// Notes every event.
fn noting(seen: &Seen) -> EventServiceBuilder {
    let seen = seen.clone();
    builder().on_any(move |event: Verified<Event>| {
        seen.note(&event);
        async { Ok(()) }
    })
}

/// Lets the worker work until it has nothing to do.
async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_genuine_event_reaches_its_handler_after_the_answer() {
    let (release, gate) = oneshot::channel::<()>();
    let gate = Arc::new(Mutex::new(Some(gate)));
    let seen = Seen::default();
    let handler_seen = seen.clone();
    let (service, worker) = builder()
        .on("OnCrmDealAdd", move |event: Verified<Event>| {
            let (gate, seen) = (gate.lock().unwrap().take(), handler_seen.clone());
            async move {
                gate.unwrap().await?;
                seen.note(&event);
                Ok(())
            }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    // The handler does not end, and the portal has its answer.
    assert_eq!(send(&service, post(event("ONCRMDEALADD", 5, TOKEN))).await.0, StatusCode::OK);
    settle().await;
    assert!(seen.sorted().is_empty());
    release.send(()).unwrap();
    settle().await;
    assert_eq!(seen.sorted(), ["5"]);
    assert_eq!((service.stats().accepted, service.stats().handled), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn forged_events_are_answered_alike_and_reach_no_handler() {
    let seen = Seen::default();
    let (service, worker) = noting(&seen).build().unwrap();
    tokio::spawn(worker.run());
    for (id, token) in [(1, TOKEN), (2, "51856FEFC120AFA4B628CC82D3935CCE"), (3, ""), (4, TOKEN), (5, "x")] {
        assert_eq!(send(&service, post(event("ONCRMDEALADD", id, token))).await, (StatusCode::OK, "ok".to_owned()));
    }
    let bare = event("ONCRMDEALADD", 6, TOKEN).split("&auth").next().unwrap().to_owned();
    send(&service, post(bare)).await;
    settle().await;
    assert_eq!(seen.sorted(), ["1", "4"]);
    let stats = service.stats();
    assert_eq!((stats.accepted, stats.handled, stats.forged), (6, 2, 4));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_delivered_twice_is_handled_once() {
    let seen = Seen::default();
    let (handler_seen, begun) = (seen.clone(), Arc::new(Notify::new()));
    let go = Arc::clone(&begun);
    let (service, worker) = builder()
        .on_any(move |event: Verified<Event>| {
            let (seen, go) = (handler_seen.clone(), Arc::clone(&go));
            async move {
                go.notified().await;
                seen.note(&event);
                Ok(())
            }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    // While it is being handled.
    for _ in 0..3 {
        send(&service, post(event("ONCRMDEALADD", 1, TOKEN))).await;
    }
    settle().await;
    begun.notify_one();
    settle().await;
    // When it was handled; with other tokens too: a second delivery may bring new ones.
    send(&service, post(event("ONCRMDEALADD", 1, TOKEN))).await;
    send(&service, post(event("ONCRMDEALADD", 1, TOKEN) + "&auth[access_token]=another")).await;
    settle().await;
    assert_eq!(seen.sorted(), ["1"]);
    assert_eq!((service.stats().handled, service.stats().duplicates), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn a_forged_copy_does_not_keep_the_genuine_one_out() {
    let seen = Seen::default();
    let (service, worker) = noting(&seen).build().unwrap();
    tokio::spawn(worker.run());
    for token in ["forged", "", TOKEN] {
        send(&service, post(event("ONCRMDEALADD", 1, token))).await;
        settle().await;
    }
    assert_eq!(seen.sorted(), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn panics_errors_and_endless_handlers_harm_no_other_event() {
    let seen = Seen::default();
    let handler_seen = seen.clone();
    let (service, worker) = builder()
        .handler_timeout(Duration::from_secs(5))
        .on("PANICS", |_| async { panic!("on purpose") })
        .on("PANICS.AT.ONCE", |_: Verified<Event>| -> std::future::Ready<Result<(), BoxError>> { panic!("on purpose") })
        .on("FAILS", |_| async { Err("on purpose".into()) })
        .on("HANGS", |_| std::future::pending::<Result<(), BoxError>>())
        .on("WORKS", move |event: Verified<Event>| {
            handler_seen.note(&event);
            async { Ok(()) }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    for name in ["PANICS", "PANICS.AT.ONCE", "FAILS", "HANGS"] {
        send(&service, post(event(name, 1, TOKEN))).await;
    }
    for id in 0..10 {
        send(&service, post(event("WORKS", id, TOKEN))).await;
    }
    settle().await;
    assert_eq!(seen.sorted().len(), 10);
    assert_eq!(service.stats().failed, 3);
    tokio::time::sleep(Duration::from_millis(5100)).await;
    settle().await;
    assert!(service.stats().failed >= 4, "{:?}", service.stats());
}

#[tokio::test(start_paused = true)]
async fn no_more_handlers_run_at_a_time_than_may() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let (service, worker) = builder()
        .concurrency(3.try_into().unwrap())
        .on_any(move |_| {
            let (now, peak) = (Arc::clone(&now), Arc::clone(&peak));
            async move {
                peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    for id in 0..30 {
        send(&service, post(event("X", id, TOKEN))).await;
    }
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!((most.load(Ordering::SeqCst), service.stats().handled), (3, 30));
}

#[tokio::test(start_paused = true)]
async fn a_robot_is_handled_by_its_code() {
    let called = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&called);
    let (service, worker) = builder()
        .on_robot("md5", move |call: Verified<RobotCall>| {
            assert_eq!(call.raw_properties()["input"], "abc");
            counter.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
        .build()
        .unwrap();
    tokio::spawn(worker.run());
    let robot = |code: &str, token: &str| {
        format!(
            "workflow_id=w1&code={code}&document_id[0]=crm&document_id[1]=CCrmDocumentDeal&document_id[2]=DEAL_5\
             &document_type[0]=crm&document_type[1]=CCrmDocumentDeal&document_type[2]=DEAL&event_token={code}.{token}\
             &properties[input]=abc&use_subscription=Y&timeout_duration=3600&ts=1700000000&auth[member_id]=m1\
             &auth[application_token]={token}"
        )
    };
    for (code, token) in [("md5", TOKEN), ("MD5", TOKEN), ("md5", "forged"), ("md5", TOKEN)] {
        send(&service, post(robot(code, token))).await;
        settle().await;
    }
    let stats = service.stats();
    assert_eq!(called.load(Ordering::SeqCst), 1);
    assert_eq!((stats.handled, stats.unhandled, stats.forged, stats.duplicates), (1, 1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_event_is_counted_and_dropped() {
    let (service, worker) = builder().build().unwrap();
    tokio::spawn(worker.run());
    let page = "AUTH_ID=a&REFRESH_ID=r&member_id=m1&PLACEMENT=DEFAULT&APPLICATION_TOKEN=";
    for body in [String::new(), "a=b".to_owned(), format!("event=X&a{}=1", "[b]".repeat(10_000)), page.to_owned()] {
        assert_eq!(send(&service, post(body)).await.0, StatusCode::OK);
    }
    send(&service, post(page.to_owned() + TOKEN)).await;
    settle().await;
    let stats = service.stats();
    assert_eq!((stats.malformed, stats.forged, stats.unhandled), (3, 1, 1), "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_is_told_to_end_lets_handlers_end_and_takes_nothing_new() {
    let done = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&done);
    let (service, worker) = builder()
        .on_any(move |_| {
            let counter = Arc::clone(&counter);
            async move {
                tokio::time::sleep(Duration::from_secs(1)).await;
                counter.fetch_add(1, Ordering::SeqCst);
                Ok(())
            }
        })
        .concurrency(2.try_into().unwrap())
        .build()
        .unwrap();
    let (stop, told) = oneshot::channel::<()>();
    let work = tokio::spawn(worker.run_until(async { drop(told.await) }));
    for id in 0..10 {
        send(&service, post(event("X", id, TOKEN))).await;
    }
    settle().await;
    stop.send(()).unwrap();
    settle().await;
    assert_eq!(send(&service, post(event("X", 99, TOKEN))).await.0, StatusCode::SERVICE_UNAVAILABLE);
    // The inbox forgets with the process: what was answered with 200 is handled first.
    let left = work.await.unwrap();
    assert_eq!((left.dropped, left.waiting, done.load(Ordering::SeqCst)), (0, 0, 10));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_outlasts_the_grace_is_dropped_and_said_to_be() {
    let (service, worker) = builder()
        .grace(Duration::from_secs(3))
        .on_any(|_| std::future::pending::<Result<(), BoxError>>())
        .build()
        .unwrap();
    let (stop, told) = oneshot::channel::<()>();
    let work = tokio::spawn(worker.run_until(async { drop(told.await) }));
    send(&service, post(event("X", 1, TOKEN))).await;
    settle().await;
    let begun = tokio::time::Instant::now();
    stop.send(()).unwrap();
    let left = work.await.unwrap();
    assert_eq!((left.dropped, left.waiting, begun.elapsed().as_secs()), (1, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_was_dropped_has_nothing_more_answered_that_nobody_would_handle() {
    let (service, worker) = builder().build().unwrap();
    let work = tokio::spawn(worker.run());
    settle().await;
    assert_eq!(send(&service, post(event("X", 1, TOKEN))).await.0, StatusCode::OK);
    work.abort();
    settle().await;
    assert_eq!(send(&service, post(event("X", 2, TOKEN))).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn two_handlers_of_one_name_are_refused() {
    let ok = |_: Verified<Event>| async { Ok(()) };
    for builder in [builder().on("X", ok).on("x", ok), builder().on_any(ok).on_any(ok), builder().on(" ", ok)] {
        assert_eq!(builder.build().unwrap_err().code(), "INVALID_CONFIG");
    }
}
