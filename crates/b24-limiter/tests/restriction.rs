//! The restriction layer: contract, order, cancellation, pauses, rejection, on a paused clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use b24_core::{CallOptions, Error, ErrorKind, Priority, RestRequest, RestResponse};
use b24_limiter::{Limiter, RestrictionLayer, RetryLayer, settings::RateLimit};
use common::{MS, Probe, S, answer, busy, dear, limiter, over, send, spawn, v2};
use futures_util::{FutureExt, StreamExt, future::join_all, stream::FuturesUnordered};
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

fn names(probe: &Probe, start: Instant) -> Vec<String> {
    probe.arrivals(start).into_iter().map(|(name, _)| name).collect()
}

#[tokio::test(start_paused = true)]
async fn only_what_was_made_ready_is_called() {
    let probe = Probe::new(|send| if send == 2 { Err(busy()) } else { answer() });
    let mut service = over(&limiter(2.0, 1.0), &probe);
    for _ in 0..5 {
        let _ = service.ready().await.unwrap().call(v2("profile")).await;
    }
    // And a clone of one that was made ready.
    let mut clone = service.clone();
    clone.ready().await.unwrap().call(v2("profile")).await.unwrap();
    assert_eq!(probe.sends(), 6);
}

#[tokio::test(start_paused = true)]
async fn the_burst_goes_at_once_and_the_rest_in_order() {
    let (limiter, probe, start) = (limiter(2.0, 1.0), Probe::new(|_| answer()), Instant::now());
    let mut calls = Vec::new();
    for n in 0..5 {
        calls.push(spawn(&limiter, &probe, v2(&format!("m{n}"))).await);
    }
    join_all(calls).await;
    let arrivals = probe.arrivals(start);
    assert_eq!(names(&probe, start), ["m0", "m1", "m2", "m3", "m4"]);
    assert!(
        arrivals[1].1 == 0 && arrivals[2].1 >= 1000 && arrivals[4].1 >= 3000 && arrivals[4].1 <= 3200,
        "{arrivals:?}"
    );
    let stats = limiter.stats();
    assert_eq!((stats.sends, stats.succeeded, stats.in_flight, stats.waits.count), (5, 5, 0, 3));
    assert!(stats.waits.max >= S * 3 && stats.waits.p50 >= S * 2);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_gives_up_gives_its_place_back() {
    let (limiter, probe, start) = (limiter(1.0, 1.0), Probe::new(|_| answer()), Instant::now());
    send(&limiter, &probe, v2("first")).await.unwrap();
    let second = spawn(&limiter, &probe, v2("second")).await;
    let third = spawn(&limiter, &probe, v2("third")).await;
    let fourth = spawn(&limiter, &probe, v2("fourth")).await;
    assert_eq!(limiter.stats().rate.unwrap().waiting, 3);
    // The head and one in the middle.
    second.abort();
    third.abort();
    fourth.await.unwrap();
    let arrivals = probe.arrivals(start);
    assert!(arrivals.len() == 2 && arrivals[1].0 == "fourth" && arrivals[1].1 < 1200, "{arrivals:?}");
    assert_eq!((limiter.stats().rate.unwrap().waiting, limiter.stats().in_flight), (0, 0));
}

/// Is never ready.
#[derive(Clone)]
struct Never;

impl Service<RestRequest> for Never {
    type Response = RestResponse;
    type Error = Error;
    type Future = std::future::Pending<Result<RestResponse, Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        std::task::Poll::Pending
    }

    fn call(&mut self, _: RestRequest) -> Self::Future {
        unreachable!()
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_before_it_goes_takes_no_token() {
    let limiter = limiter(1.0, 1.0);
    let layer = RestrictionLayer::with_limiter(limiter.clone());
    let mut stuck = Box::pin(layer.layer(Never).oneshot(v2("profile")));
    assert!((&mut stuck).now_or_never().is_none());
    assert_eq!(limiter.stats().in_flight, 1);
    drop(stuck);
    assert_eq!((limiter.stats().in_flight, limiter.stats().rate.unwrap().tokens), (0, 1.0));
    // Not even polled: nothing was reserved.
    drop(layer.layer(Never).oneshot(v2("profile")));
    assert_eq!(limiter.stats().in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_send_counts_as_sent() {
    let (limiter, probe) = (limiter(1.0, 1.0), Probe::new(|_| answer()).that_takes(S * 20));
    let call = spawn(&limiter, &probe, v2("profile")).await;
    call.abort();
    assert!(call.await.is_err());
    assert_eq!((limiter.stats().in_flight, limiter.stats().rate.unwrap().tokens), (0, 0.0));
}

#[tokio::test(start_paused = true)]
async fn interactive_calls_pass_bulk_ones_without_starving_them() {
    let (limiter, probe, start) = (limiter(1.0, 1.0), Probe::new(|_| answer()), Instant::now());
    send(&limiter, &probe, v2("first")).await.unwrap();
    let bulk = |name: &str| v2(name).with_options(CallOptions::default().with_priority(Priority::Bulk));
    let mut calls = Vec::new();
    for name in ["b1", "b2"] {
        calls.push(spawn(&limiter, &probe, bulk(name)).await);
    }
    for name in ["i1", "i2", "i3", "i4"] {
        calls.push(spawn(&limiter, &probe, v2(name)).await);
    }
    join_all(calls).await;
    assert_eq!(names(&probe, start), ["first", "i1", "i2", "i3", "b1", "i4", "b2"]);
}

/// A future in `buffer_unordered` is not polled while its consumer works on something else.
#[tokio::test(start_paused = true)]
async fn a_call_that_nobody_polls_holds_nobody_up_for_long() {
    let (limiter, probe, start) = (limiter(1.0, 1.0), Probe::new(|_| answer()), Instant::now());
    send(&limiter, &probe, v2("first")).await.unwrap();
    let mut idle: FuturesUnordered<_> =
        (0..3).map(|n| over(&limiter, &probe).oneshot(v2(&format!("idle{n}")))).collect();
    assert!(idle.next().now_or_never().is_none());
    send(&limiter, &probe, v2("busy")).await.unwrap();
    let arrivals = probe.arrivals(start);
    assert!(arrivals[1].0 == "busy" && arrivals[1].1 < 6000, "{arrivals:?}");
    // Polled again, they go, and in their order.
    while idle.next().await.is_some() {}
    assert_eq!(names(&probe, start), ["first", "busy", "idle0", "idle1", "idle2"]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_the_rate_pauses_all_and_no_call_is_lost() {
    // Others have filled the bucket: the first two are refused.
    let probe = Probe::new(|send| if send <= 2 { Err(busy()) } else { answer() }).that_takes(MS * 100);
    let (limiter, start) = (limiter(50.0, 2.0), Instant::now());
    let stack = RetryLayer::default().layer(over(&limiter, &probe));
    let calls = (0..10).map(|n| stack.clone().oneshot(v2(&format!("m{n}"))));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    let arrivals = probe.arrivals(start);
    assert_eq!(arrivals.len(), 12);
    // All ten were on their way at once; whatever goes again goes after the pause, when there is room.
    assert!(arrivals[9].1 == 0 && arrivals[10].1 >= 1600, "{arrivals:?}");
    assert_eq!((limiter.stats().rate_refusals, limiter.stats().codes["QUERY_LIMIT_EXCEEDED"]), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn what_was_refused_goes_before_what_came_later() {
    let probe = Probe::new(|send| if send == 1 { Err(busy()) } else { answer() });
    let (limiter, start) = (limiter(1.0, 1.0), Instant::now());
    let stack = RetryLayer::default().layer(over(&limiter, &probe));
    let first = tokio::spawn(stack.clone().oneshot(v2("first")));
    tokio::task::yield_now().await;
    let later = tokio::spawn(stack.clone().oneshot(v2("later")));
    assert!(first.await.unwrap().is_ok() && later.await.unwrap().is_ok());
    assert_eq!(names(&probe, start), ["first", "first", "later"]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_is_rejected_at_once() {
    let (limiter, probe) = (limiter(2.0, 1.0), dear());
    send(&limiter, &probe, v2("dear")).await.unwrap();
    let hurried = |method, left| v2(method).with_options(CallOptions::default().with_deadline(left));
    let error = send(&limiter, &probe, hurried("dear", S * 20)).now_or_never().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code(), error.may_have_run()), (ErrorKind::Limit, "LIMIT_WAIT_TOO_LONG", false));
    assert!(error.retry_after().is_some_and(|wait| wait >= S * 30) && error.attempts() == 0);
    // The rate: another call takes what is left of the burst, and nine wait.
    send(&limiter, &probe, v2("cheap")).await.unwrap();
    let mut waiting = Vec::new();
    for _ in 0..9 {
        waiting.push(spawn(&limiter, &probe, v2("cheap")).await);
    }
    let error = send(&limiter, &probe, hurried("cheap", S * 5)).now_or_never().unwrap().unwrap_err();
    assert_eq!((error.code(), limiter.stats().rejected), ("LIMIT_WAIT_TOO_LONG", 2));
    assert_eq!(limiter.stats().rate.unwrap().waiting, 9);
    // One that has time enough waits, and what it waited is taken from its deadline.
    send(&limiter, &probe, hurried("cheap", S * 60)).await.unwrap();
    let left = probe.requests().last().unwrap().options().deadline().unwrap();
    assert!(left <= S * 51 && left >= S * 45, "{left:?}");
}

#[tokio::test(start_paused = true)]
async fn the_real_error_is_not_replaced_by_a_wait_that_is_too_long() {
    let probe = Probe::new(|_| Err(busy()));
    let stack = RetryLayer::default().layer(over(&limiter(1.0, 1.0), &probe));
    let request = v2("profile").with_options(CallOptions::default().with_deadline(MS * 1500));
    let error = stack.oneshot(request).await.unwrap_err();
    assert_eq!((error.code(), probe.sends()), ("QUERY_LIMIT_EXCEEDED", 1));
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_and_a_longest_wait_reject_where_they_were_asked_for() {
    let (limiter, probe) = (limiter(1.0, 1.0), Probe::new(|_| answer()));
    send(&limiter, &probe, v2("profile")).await.unwrap();
    let _waiting = spawn(&limiter, &probe, v2("profile")).await;
    let layer = RestrictionLayer::with_limiter(limiter.clone());
    let full = layer.clone().with_max_queue(1).layer(probe.clone()).oneshot(v2("profile"));
    assert_eq!(full.now_or_never().unwrap().unwrap_err().code(), "LIMIT_QUEUE_FULL");
    let impatient = layer.with_max_wait(MS * 100).layer(probe.clone()).oneshot(v2("profile")).await;
    assert_eq!(impatient.unwrap_err().code(), "LIMIT_WAIT_TOO_LONG");
}

#[tokio::test(start_paused = true)]
async fn parameters_change_while_calls_wait() {
    let (limiter, probe, start) = (limiter(1.0, 0.01), Probe::new(|_| answer()), Instant::now());
    send(&limiter, &probe, v2("profile")).await.unwrap();
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(spawn(&limiter, &probe, v2("profile")).await);
    }
    tokio::time::sleep(S).await;
    assert_eq!(probe.sends(), 1);
    limiter.update(|restrictions| restrictions.rate = Some(RateLimit::new(10.0, 1.0))).unwrap();
    join_all(waiting).await;
    assert!(start.elapsed() < S * 2);

    // To no limit at all, and back.
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(spawn(&limiter, &probe, v2("profile")).await);
    }
    limiter.update(|restrictions| restrictions.rate = None).unwrap();
    join_all(waiting).await;
    assert!(start.elapsed() < S * 2 && limiter.stats().rate.is_none());
    limiter.update(|restrictions| restrictions.rate = Some(RateLimit::new(1.0, 1.0))).unwrap();
    send(&limiter, &probe, v2("profile")).await.unwrap();
    let nonsense = limiter.update(|restrictions| restrictions.rate = Some(RateLimit::new(f64::NAN, 1.0)));
    assert!(nonsense.is_err() && limiter.restrictions().rate == Some(RateLimit::new(1.0, 1.0)));
}

#[derive(Debug)]
struct Heard(Limiter, std::sync::Mutex<Vec<String>>);

impl b24_limiter::stats::Observer for Heard {
    fn waited(&self, event: &b24_limiter::stats::Waited<'_>) {
        // Asking back must not stand still.
        let _ = self.0.stats();
        self.1.lock().unwrap().push(format!("waited {}", event.wait.as_secs()));
    }

    fn rejected(&self, event: &b24_limiter::stats::Rejected<'_>) {
        self.1.lock().unwrap().push(format!("rejected {}", event.wait.as_secs()));
    }

    fn answered(&self, event: &b24_limiter::stats::Answered<'_>) {
        self.1.lock().unwrap().push(format!("answered {:?}", event.code));
    }

    fn paused(&self, event: &b24_limiter::stats::Paused) {
        self.1.lock().unwrap().push(format!("paused {:?}", event.pause));
    }
}

#[tokio::test(start_paused = true)]
async fn observers_hear_what_happens_and_may_ask_back() {
    let (limiter, probe) = (limiter(1.0, 1.0), Probe::new(|send| if send == 2 { Err(busy()) } else { answer() }));
    let heard = Arc::new(Heard(limiter.clone(), std::sync::Mutex::default()));
    limiter.observe(Arc::<Heard>::clone(&heard));
    let _ = send(&limiter, &probe, v2("profile")).await;
    let _ = send(&limiter, &probe, v2("profile")).await;
    let _ = send(&limiter, &probe, v2("profile").with_options(CallOptions::default().with_deadline(S))).await;
    let heard = heard.1.lock().unwrap();
    let want = ["answered None", "waited 1", "answered Some(\"QUERY_LIMIT_EXCEEDED\")", "paused 2s", "rejected 2"];
    assert_eq!(*heard, want);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_wait_in_order() {
    let (limiter, probe) = (limiter(1.0, 100.0), Probe::new(|_| answer()));
    let order = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut crowd = tokio::task::JoinSet::new();
    for n in 0..10_000 {
        let (service, order) = (over(&limiter, &probe), Arc::clone(&order));
        crowd.spawn(async move {
            service.oneshot(v2("profile")).await.unwrap();
            order.lock().unwrap().push(n);
        });
    }
    crowd.join_all().await;
    assert!(order.lock().unwrap().is_sorted());
    assert_eq!(limiter.stats().waits.count, 9_999);
}
