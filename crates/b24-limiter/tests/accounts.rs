//! Operating time through the handle: turns and permits on a paused clock. Each test is a story of something that went
//! wrong, or would have.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

use b24_limiter::{
    Limiter, Permit, Restrictions,
    classify::{Command, Lesson, Reading, Refused, Spend},
    settings::RateLimit,
};
use futures_util::FutureExt;
use tokio::time::Instant;

const S: Duration = Duration::from_secs(1);
/// The portal's clock at the beginning.
const NOON: Duration = Duration::from_secs(2_000_000);

fn limiter() -> Limiter {
    let mut restrictions = Restrictions::default();
    restrictions.rate = None;
    restrictions.adaptive_delay.enabled = false;
    Limiter::new(restrictions).unwrap()
}

/// A call that goes now, or `None` when it would have to wait.
fn goes(limiter: &Limiter, spend: Spend) -> Option<Permit> {
    let mut permit = limiter.turn(spend).now_or_never()?;
    permit.sent();
    Some(permit)
}

async fn go(limiter: &Limiter, spend: Spend) -> Permit {
    let mut permit = limiter.turn(spend).await;
    permit.sent();
    permit
}

fn dear() -> Spend {
    Spend::call("dear")
}

/// An answer written at `at` on the portal's clock: a sum, and the seconds until a part of it is given back.
fn told(at: Duration, operating: u64, reset_in: u64) -> Lesson {
    let reading = Reading::new(S * u32::try_from(operating).unwrap(), at + Duration::from_secs(reset_in));
    Lesson::succeeded().with_reading(reading.with_portal_now(at))
}

fn refused() -> Lesson {
    Lesson::failed("OPERATION_TIME_LIMIT").with_refusal(Refused::Operating)
}

/// How long a call waits.
async fn wait(limiter: &Limiter) -> Duration {
    let begin = Instant::now();
    drop(limiter.turn(dear()).await);
    begin.elapsed()
}

#[tokio::test(start_paused = true)]
async fn what_others_used_up_does_not_lower_the_limit_for_ever() {
    let limiter = limiter();
    // Another host uses the same webhook: our last reading is 300 s when the portal refuses.
    for round in 0..8 {
        let at = NOON + S * 700 * round;
        go(&limiter, dear()).await.settle(&told(at, 300, 590));
        go(&limiter, dear()).await.settle(&refused());
        tokio::time::sleep(S * 700).await;
    }
    go(&limiter, dear()).await.settle(&told(NOON + S * 6000, 290, 590));
    assert!(goes(&limiter, dear()).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_success_above_the_limit_that_was_seen_refutes_it() {
    let limiter = limiter();
    go(&limiter, dear()).await.settle(&told(NOON, 320, 100));
    go(&limiter, dear()).await.settle(&refused());
    tokio::time::sleep(S * 102).await;
    go(&limiter, dear()).await.settle(&told(NOON + S * 102, 340, 400));
    assert!(goes(&limiter, dear()).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_server_cannot_block_a_method_for_years() {
    for seconds in [u64::MAX, 1_000_000_000] {
        let limiter = limiter();
        tokio::time::sleep(S).await;
        let lesson = refused().with_retry_after(Some(Duration::from_secs(seconds)));
        go(&limiter, dear()).await.settle(&lesson);
        assert!(wait(&limiter).await <= S * 601);
        assert_eq!(limiter.stats().in_flight, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_and_commands_under_way_count_together() {
    let limiter = limiter();
    let batch = || Spend::call("batch").with_commands(Command::new("0", "dear"));
    for spend in [dear(), batch()] {
        let permit = go(&limiter, spend).await;
        tokio::time::sleep(S * 20).await;
        let reading = Reading::new(S * 40, NOON + S * 620).with_portal_now(NOON + S * 20).with_worked(S * 20);
        let lesson = if permit.spend().commands().is_empty() {
            Lesson::succeeded().with_reading(reading)
        } else {
            Lesson::succeeded().with_command(0, Ok(reading))
        };
        permit.settle(&lesson);
    }
    let mut under_way = Vec::new();
    while let Some(permit) = goes(&limiter, if under_way.len() % 2 == 0 { dear() } else { batch() }) {
        under_way.push(permit);
        assert!(under_way.len() < 30, "20 s each, and 480 s in all");
    }
    assert!(under_way.len() >= 20, "{}", under_way.len());
}

#[tokio::test(start_paused = true)]
async fn an_older_answer_that_comes_later_does_not_lower_the_sum() {
    let limiter = limiter();
    let (first, second) = (go(&limiter, dear()).await, go(&limiter, dear()).await);
    tokio::time::sleep(S).await;
    second.settle(&told(NOON + S * 2, 478, 500));
    first.settle(&told(NOON + S, 458, 500));
    assert!(goes(&limiter, dear()).is_none());
}

#[tokio::test(start_paused = true)]
async fn after_a_reset_that_nobody_has_confirmed_calls_go_one_by_one() {
    let limiter = limiter();
    // A program that has just started: others have used it all, nobody knows when.
    go(&limiter, dear()).await.settle(&told(NOON, 480, 30));
    tokio::time::sleep(S * 32).await;
    let probe = go(&limiter, dear()).await;
    assert!(goes(&limiter, dear()).is_none());
    probe.settle(&told(NOON + S * 32, 100, 300));
    assert!(goes(&limiter, dear()).is_some());
}

// https://github.com/bitrix24/b24jssdk/pull/539
#[tokio::test(start_paused = true)]
async fn a_ban_whose_beginning_was_not_seen_is_waited_out_after_the_second_refusal() {
    let limiter = limiter();
    go(&limiter, dear()).await.settle(&told(NOON, 440, 5));
    // The crossing call got no answer; the portal bans for 300 s.
    go(&limiter, dear()).await.settle(&Lesson::failed("NETWORK_ERROR"));
    go(&limiter, dear()).await.settle(&refused());
    go(&limiter, dear()).await.settle(&refused());
    assert!(wait(&limiter).await >= S * 300);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_timed_out_has_cost_the_portal_its_time() {
    let limiter = limiter();
    go(&limiter, dear()).await.settle(&told(NOON, 400, 590));
    let lost = go(&limiter, dear()).await;
    tokio::time::sleep(S * 75).await;
    lost.settle(&Lesson::failed("REQUEST_TIMEOUT"));
    assert!(limiter.stats().methods[0].operating >= S * 460, "{:?}", limiter.stats().methods);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_given_back_wakes_who_waits_for_it() {
    let limiter = limiter();
    let first = go(&limiter, dear()).await;
    tokio::time::sleep(S * 60).await;
    let reading = Reading::new(S * 400, NOON + S * 600).with_portal_now(NOON + S * 60).with_worked(S * 60);
    first.settle(&Lesson::succeeded().with_reading(reading));
    let (one, other) = (go(&limiter, dear()).await, limiter.turn(dear()).await);
    let waiting = tokio::spawn({
        let limiter = limiter.clone();
        async move { wait(&limiter).await }
    });
    tokio::time::sleep(S).await;
    drop(other);
    assert!(waiting.await.unwrap() <= S * 2);
    drop(one);
}

/// Looks at the limiter as soon as it is called, as an executor does that polls in place.
struct Inline(Limiter, Mutex<u64>);

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        *self.1.lock().unwrap() += self.0.stats().sends + 1;
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_woken_may_look_at_the_limiter_at_once() {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(1.0, 0.01));
    let limiter = Limiter::new(restrictions).unwrap();
    let permit = go(&limiter, dear()).await;
    let inline = Arc::new(Inline(limiter.clone(), Mutex::new(0)));
    let mut turn = pin!(limiter.turn(dear()));
    assert!(turn.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&inline)))).is_pending());
    limiter.update(|restrictions| restrictions.rate = None).unwrap();
    assert_eq!(*inline.1.lock().unwrap(), 1);
    let poll = turn.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(poll, Poll::Ready(_)));
    permit.settle(&Lesson::succeeded());
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_for_a_method_are_let_through_as_its_time_allows() {
    let limiter = limiter();
    let first = go(&limiter, dear()).await;
    tokio::time::sleep(S * 60).await;
    let reading = Reading::new(S * 470, NOON + S * 160).with_portal_now(NOON + S * 60).with_worked(S * 60);
    first.settle(&Lesson::succeeded().with_reading(reading));
    let under_way = Arc::new(Mutex::new((0_u32, 0_u32)));
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let (limiter, under_way) = (limiter.clone(), Arc::clone(&under_way));
        crowd.spawn(async move {
            let permit = go(&limiter, dear()).await;
            {
                let mut now = under_way.lock().unwrap();
                now.0 += 1;
                now.1 = now.1.max(now.0);
            }
            tokio::time::sleep(S * 60).await;
            under_way.lock().unwrap().0 -= 1;
            permit.settle(&Lesson::failed("NOTHING"));
        });
    }
    let all = tokio::time::timeout(S * 36_000, crowd.join_all()).await;
    assert!(all.is_ok());
    // 60 s each: no more than fit into 480 s, the last of which may cross the limit.
    assert!(under_way.lock().unwrap().1 <= 9, "{:?}", under_way.lock().unwrap());
}
