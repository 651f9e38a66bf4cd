//! A store that is far away: shared by two processes, slow, leasing, failing. On a paused clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use b24_core::{ApiVersion, BoxError};
use b24_limiter::{
    Limiter, RestrictionLayer, Restrictions,
    quota::{Answer, Ask, Gauge, InProcess, QuotaStore, Refusal, Take, Tokens},
    settings::RateLimit,
};
use common::{Probe, answer, busy, call};
use futures_util::{FutureExt, future::join_all};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

const MS: Duration = Duration::from_millis(1);

/// A server with a clock of its own, five milliseconds away. It hands out four tokens at a time where many wait.
#[derive(Clone, Debug)]
struct Remote {
    server: Arc<Server>,
    lease: u32,
}

#[derive(Debug)]
struct Server {
    bucket: InProcess,
    start: Instant,
    trouble: Mutex<Option<Trouble>>,
    takes: Mutex<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Trouble {
    Down,
    Hangs,
}

impl Remote {
    fn new(lease: u32) -> Self {
        let server = Server { bucket: InProcess::new(), start: Instant::now(), trouble: None.into(), takes: 0.into() };
        Self { server: Arc::new(server), lease }
    }

    fn later<T: Send + Unpin + 'static>(&self, act: impl FnOnce(&Server, Duration) -> T + Send + 'static) -> Answer<T> {
        let server = Arc::clone(&self.server);
        Answer::later(async move {
            tokio::time::sleep(MS * 5).await;
            act(&server, server.start.elapsed())
        })
    }
}

/// Whatever the bucket answers is there at once.
fn now<T: Unpin>(answer: Answer<T>) -> T {
    answer.now_or_never().unwrap()
}

impl QuotaStore for Remote {
    fn take(&self, ask: &Ask) -> Answer<Result<Take, BoxError>> {
        let (mut ask, lease) = (*ask, self.lease);
        if *self.server.trouble.lock().unwrap() == Some(Trouble::Hangs) {
            return Answer::later(std::future::pending());
        }
        self.later(move |server, time| {
            if server.trouble.lock().unwrap().is_some() {
                return Err("the server is down".into());
            }
            *server.takes.lock().unwrap() += 1;
            // The server's own clock, whatever the asking process believes.
            ask.now = time;
            let mut count = 0;
            let mut outcome = now(server.bucket.take(&ask))?;
            while let Take::Granted(tokens) = outcome {
                count += 1;
                if count >= lease.min(u32::try_from(ask.waiting).unwrap()) {
                    return Ok(Take::Granted(Tokens::lease(count, tokens.stamp, Duration::from_secs(1))));
                }
                outcome = now(server.bucket.take(&ask))?;
                if let Take::Wait(_) = outcome {
                    return Ok(Take::Granted(Tokens::lease(count, tokens.stamp, Duration::from_secs(1))));
                }
            }
            Ok(outcome)
        })
    }

    fn arrived(&self, token: &Tokens, sent: Duration, _: Duration) -> Answer<()> {
        let token = *token;
        self.later(move |server, time| now(server.bucket.arrived(&token, sent, time)))
    }

    fn give_back(&self, tokens: &Tokens, _: Duration) -> Answer<()> {
        let tokens = *tokens;
        self.later(move |server, time| (0..tokens.count).for_each(|_| now(server.bucket.give_back(&tokens, time))))
    }

    fn refused(&self, refusal: &Refusal) -> Answer<()> {
        let mut refusal = *refusal;
        self.later(move |server, time| {
            refusal.now = time;
            now(server.bucket.refused(&refusal));
        })
    }

    fn gauge(&self, rate: &RateLimit, _: Duration) -> Gauge {
        self.server.bucket.gauge(rate, self.server.start.elapsed())
    }
}

fn limiter(remote: &Remote, burst: f64, drain: f64) -> Limiter {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(burst, drain));
    Limiter::builder().restrictions(restrictions).store(remote.clone()).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_processes_keep_one_rate() {
    let (remote, probe) = (Remote::new(1), Probe::new(|_| answer()));
    let start = Instant::now();
    // Two limiters that know nothing of each other, and a second that started later.
    let one = limiter(&remote, 10.0, 5.0);
    tokio::time::sleep(MS * 300).await;
    let other = limiter(&remote, 10.0, 5.0);
    let calls = (0..40).map(|n| {
        let limiter = if n % 2 == 0 { &one } else { &other };
        RestrictionLayer::with_limiter(limiter.clone()).layer(probe.clone()).oneshot(call(ApiVersion::V2, "profile"))
    });
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    let arrivals = probe.arrivals(start);
    let before = |at: u64| arrivals.iter().filter(|(_, arrived)| *arrived <= at).count();
    assert!(before(1200) <= 10 && before(2200) <= 15 && before(4200) <= 25, "{arrivals:?}");
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_lease_spares_trips() {
    let (remote, probe) = (Remote::new(8), Probe::new(|_| answer()));
    let limiter = limiter(&remote, 64.0, 5.0);
    let layer = RestrictionLayer::with_limiter(limiter.clone());
    let calls = (0..64).map(|_| layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "profile")));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
    assert!(*remote.server.takes.lock().unwrap() <= 12, "{:?}", remote.server.takes);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_gives_up_while_the_store_is_asked_leaves_its_token_to_the_next() {
    let (remote, probe) = (Remote::new(1), Probe::new(|_| answer()));
    let limiter = limiter(&remote, 1.0, 0.01);
    let layer = RestrictionLayer::with_limiter(limiter.clone());
    let mut first = Box::pin(layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "first")));
    assert!((&mut first).now_or_never().is_none());
    drop(first);
    let second = layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "second"));
    tokio::time::timeout(Duration::from_secs(1), second).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_pauses_the_other_process_too() {
    let (remote, probe) = (Remote::new(1), Probe::new(|send| if send == 1 { Err(busy()) } else { answer() }));
    let start = Instant::now();
    let (one, other) = (limiter(&remote, 10.0, 5.0), limiter(&remote, 10.0, 5.0));
    let layer = RestrictionLayer::with_limiter(one.clone());
    assert!(layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "profile")).await.is_err());
    tokio::time::sleep(MS * 10).await;
    // The next call of the process that was refused sees to it that the store hears of it.
    let again = tokio::spawn(layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "profile")));
    tokio::time::sleep(MS * 10).await;
    let layer = RestrictionLayer::with_limiter(other);
    layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "profile")).await.unwrap();
    again.await.unwrap().unwrap();
    assert!(probe.arrivals(start)[1..].iter().all(|(_, at)| *at >= 1200), "{:?}", probe.arrivals(start));
}

/// A store that cannot be reached says so, or hangs.
async fn without_the_store(trouble: Trouble) {
    let (remote, probe) = (Remote::new(1), Probe::new(|_| answer()));
    *remote.server.trouble.lock().unwrap() = Some(trouble);
    let start = Instant::now();
    let limiter = limiter(&remote, 10.0, 1.0);
    let layer = RestrictionLayer::with_limiter(limiter);
    let calls = (0..4).map(|_| layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "profile")));
    let all = tokio::time::timeout(Duration::from_secs(60), join_all(calls)).await.unwrap();
    assert!(all.iter().all(Result::is_ok));
    // No burst: nobody knows what the store has handed out. But the drain.
    let arrivals: Vec<_> = probe.arrivals(start).into_iter().map(|(_, at)| at).collect();
    assert!(arrivals[0] >= 1000 && arrivals.windows(2).all(|pair| pair[1] >= pair[0] + 900), "{arrivals:?}");
}

#[tokio::test(start_paused = true)]
async fn while_the_store_is_down_the_process_counts_for_itself() {
    without_the_store(Trouble::Down).await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_does_not_stop_the_calls() {
    without_the_store(Trouble::Hangs).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_deadline_waits_for_a_store_that_is_only_slow() {
    let (remote, probe) = (Remote::new(1), Probe::new(|_| answer()));
    let limiter = limiter(&remote, 50.0, 2.0);
    let layer = RestrictionLayer::with_limiter(limiter).with_max_wait(Duration::from_secs(3));
    let calls = (0..50).map(|_| layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "profile")));
    assert!(join_all(calls).await.iter().all(Result::is_ok));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_lease() {
    let (remote, probe) = (Remote::new(20), Probe::new(|send| if send == 1 { Err(busy()) } else { answer() }));
    let start = Instant::now();
    let limiter = limiter(&remote, 50.0, 2.0);
    let layer = RestrictionLayer::with_limiter(limiter);
    let calls = (0..20).map(|_| layer.layer(probe.clone()).oneshot(call(ApiVersion::V2, "profile")));
    let _ = tokio::time::timeout(Duration::from_secs(60), join_all(calls)).await.unwrap();
    let arrivals = probe.arrivals(start);
    assert!(arrivals[1].1 >= 1500, "{arrivals:?}");
}
