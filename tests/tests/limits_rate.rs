//! The rate, against the embedded portal on a paused clock: every phase of its drain, crowds, rivals.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use b24::{B24, Limiter, Restrictions};
use b24_portal::{Limits, Plan, Portal};
use serde_json::Value;
use tokio::{task::JoinSet, time::Instant};
use tower::ServiceExt;

const LONG: Duration = Duration::from_secs(30 * 60);

fn portal(limits: Limits) -> Portal {
    Portal::builder().limits(limits).rows(1).keep_requests(20_000).in_process()
}

fn b24(portal: &Portal, restrictions: Restrictions) -> B24 {
    let limiter = Limiter::new(restrictions).unwrap();
    B24::builder().http_client(portal.service()).limiter(limiter).webhook_url(&portal.hook_url()).unwrap()
}

fn refused(portal: &Portal) -> usize {
    portal.requests().iter().filter(|request| request.status.is_some_and(|status| status == 503)).count()
}

/// So many callers call as often as they may, until `end`. All calls must succeed; returns how many there were.
async fn crowd(b24: &B24, callers: u32, end: Instant) -> u32 {
    let mut crowd = JoinSet::new();
    for _ in 0..callers {
        let b24 = b24.clone();
        crowd.spawn(async move {
            let mut calls = 0;
            while Instant::now() < end {
                b24.v2().call("server.time").send::<Value>().await.unwrap();
                calls += u32::from(Instant::now() <= end);
            }
            calls
        });
    }
    crowd.join_all().await.into_iter().sum()
}

// https://apidocs.bitrix24.com/settings/performance/limits.html: one in, Y out once a second, refused above X.
#[tokio::test(start_paused = true)]
async fn nothing_is_refused_at_any_phase_of_the_drain_and_nearly_everything_is_used() {
    for (run, phase) in (0..1000).step_by(40).enumerate() {
        // Not in step with the ticks of the client's copy.
        let phase = Duration::from_millis(phase + 7);
        let callers = [1, 64, 8, 2][run % 4];
        let portal = portal(Limits::default().with_drain_phase(phase));
        let b24 = b24(&portal, Restrictions::default());
        let calls = crowd(&b24, callers, Instant::now() + LONG).await;
        assert_eq!(refused(&portal), 0, "{phase:?} {callers}");
        let ideal = 50 + 2 * 1800;
        assert!(calls * 100 >= ideal * 98 && calls <= ideal + 2, "{phase:?} {callers}: {calls} of {ideal}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_enterprise_rate_is_kept_and_used_too() {
    for (phase, callers) in [(0, 1), (499, 64), (980, 16)] {
        let limits = Limits::of(Plan::Enterprise).with_drain_phase(Duration::from_millis(phase));
        let portal = portal(limits);
        let b24 = b24(&portal, Restrictions::enterprise());
        let calls = crowd(&b24, callers, Instant::now() + LONG).await;
        let ideal = 250 + 5 * 1800;
        assert_eq!(refused(&portal), 0, "{phase} {callers}");
        assert!(calls * 100 >= ideal * 98, "{phase} {callers}: {calls} of {ideal}");
    }
}

/// Answers that take their time, and connections that take theirs: nobody knows whether a call arrived before a drain.
#[tokio::test(start_paused = true)]
async fn slow_answers_make_no_refusals() {
    for (latency, callers) in [(80, 64), (900, 64), (4_000, 32)] {
        let latency = Duration::from_millis(latency);
        let portal = Portal::builder().rows(1).latency(latency).keep_requests(20_000).in_process();
        let b24 = b24(&portal, Restrictions::default());
        let calls = crowd(&b24, callers, Instant::now() + LONG).await;
        assert_eq!(refused(&portal), 0);
        assert!(calls * 100 >= (50 + 2 * 1800) * 97, "{latency:?}: {calls}");
    }
}

/// Twelve other programs on the same host, which keep to no rate. Together they take `share` of what drains, on average.
struct Rivals {
    share: Arc<AtomicU32>,
    accepted: Arc<AtomicU32>,
    programs: JoinSet<()>,
}

impl Rivals {
    fn start(portal: &Portal, seed: u64) -> Self {
        let mut rivals = Self { share: Arc::default(), accepted: Arc::default(), programs: JoinSet::new() };
        for rival in 0..12 {
            let (service, url) = (portal.service(), format!("{}server.time", portal.hook_url()));
            let (share, accepted) = (Arc::clone(&rivals.share), Arc::clone(&rivals.accepted));
            let mut random = fastrand::Rng::with_seed(seed * 100 + rival);
            rivals.programs.spawn(async move {
                loop {
                    let rate = f64::from(share.load(Ordering::Relaxed)) / 100.0 * 2.0 / 12.0;
                    if rate == 0.0 {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        continue;
                    }
                    // Intervals as of independent events.
                    let pause = -random.f64().max(1e-9).ln() / rate;
                    tokio::time::sleep(Duration::from_secs_f64(pause.min(120.0))).await;
                    let request = http::Request::post(&url).body(String::new()).unwrap();
                    let status = service.clone().oneshot(request).await.unwrap().status();
                    accepted.fetch_add(u32::from(status.is_success()), Ordering::Relaxed);
                }
            });
        }
        rivals
    }

    fn take(&self, percent: u32) {
        self.share.store(percent, Ordering::Relaxed);
    }
}

/// Calls in flight at any time, so that there is always one that waits; counts successes.
fn demand(b24: &B24, callers: u32) -> (Arc<AtomicU32>, JoinSet<()>) {
    let done = Arc::<AtomicU32>::default();
    let mut crowd = JoinSet::new();
    for _ in 0..callers {
        let (b24, done) = (b24.clone(), Arc::clone(&done));
        crowd.spawn(async move {
            loop {
                b24.v2().call("server.time").send::<Value>().await.unwrap();
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    (done, crowd)
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

#[tokio::test(start_paused = true)]
async fn with_twelve_rivals_no_call_is_lost_and_the_fair_share_comes_back_within_a_minute() {
    for seed in 0..10 {
        // The jitter of the repeats.
        fastrand::seed(seed);
        let portal = portal(Limits::default().with_drain_phase(Duration::from_millis(seed * 97)));
        let b24 = b24(&portal, Restrictions::default());
        let rivals = Rivals::start(&portal, seed);
        let (done, crowd) = demand(&b24, 8);
        // The burst is used up before anybody shares.
        seconds(60).await;
        let mut random = fastrand::Rng::with_seed(seed);
        let (mut all, mut all_fair) = (0, 0);
        for _ in 0..4 {
            let share = random.u32(10..70);
            rivals.take(share);
            seconds(60).await;
            // From here on: what they leave.
            let before = (done.load(Ordering::Relaxed), rivals.accepted.load(Ordering::Relaxed));
            seconds(240).await;
            let ours = done.load(Ordering::Relaxed) - before.0;
            let theirs = rivals.accepted.load(Ordering::Relaxed) - before.1;
            let fair = 2 * 240 - theirs;
            // Some 200 calls: chance moves one stage by a few of a hundred, four together hardly.
            assert!(ours * 100 >= fair * 90, "seed {seed}, {share} %: {ours} of {fair}");
            (all, all_fair) = (all + ours, all_fair + fair);
        }
        assert!(all * 100 >= all_fair * 96, "seed {seed}: {all} of {all_fair}");
        drop(rivals);
        seconds(60).await;
        let before = done.load(Ordering::Relaxed);
        seconds(60).await;
        let ours = done.load(Ordering::Relaxed) - before;
        assert!(ours * 100 >= 120 * 95, "seed {seed}: {ours} of 120 alone again");
        // A caller that lost a call has ended.
        let mut crowd = crowd;
        assert!(crowd.try_join_next().is_none(), "seed {seed}: a call was lost");
    }
}
