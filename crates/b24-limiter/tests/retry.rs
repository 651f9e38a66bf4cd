//! The retry layer: contract, number of sends, waits on a paused clock.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use b24_core::{ApiVersion, CallOptions, Error, RestError, RestRequest, RestResponse, SdkCode};
use b24_limiter::{RetryLayer, RetryPolicy};
use common::{Probe, answer, busy, call, lost};
use http::StatusCode;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

async fn run(probe: &Probe, policy: RetryPolicy, request: RestRequest) -> Result<RestResponse, Error> {
    RetryLayer::new(policy).layer(probe.clone()).oneshot(request).await
}

#[tokio::test(start_paused = true)]
async fn max_retries_counts_what_follows_the_first_send() {
    for (policy, sends) in [
        (RetryPolicy::default(), 3),
        (RetryPolicy::batch_processing(), 5),
        (RetryPolicy::realtime(), 1),
        (RetryPolicy::default().with_max_retries(7), 8),
    ] {
        let probe = Probe::new(|_| Err(busy()));
        let error = run(&probe, policy, call(ApiVersion::V2, "crm.deal.add")).await.unwrap_err();
        // The real error, and not that attempts are exhausted.
        assert_eq!(
            (probe.sends(), error.code(), error.attempts()),
            (sends, "QUERY_LIMIT_EXCEEDED", u32::try_from(sends).unwrap())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_may_have_run_is_sent_once() {
    let probe = Probe::new(|_| Err(lost()));
    let error = run(&probe, RetryPolicy::default(), call(ApiVersion::V2, "crm.deal.add")).await.unwrap_err();
    assert_eq!((probe.sends(), error.may_have_run()), (1, true));
}

#[tokio::test(start_paused = true)]
async fn a_read_comes_through_after_a_lost_answer() {
    let probe = Probe::new(|send| if send == 1 { Err(lost()) } else { answer() });
    let response = run(&probe, RetryPolicy::default(), call(ApiVersion::V2, "crm.deal.get")).await.unwrap();
    assert_eq!((probe.sends(), response.attempts()), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_v3_write_repeats_the_same_bytes_under_the_same_key() {
    let probe = Probe::new(|send| if send < 3 { Err(lost()) } else { answer() });
    assert!(run(&probe, RetryPolicy::default(), call(ApiVersion::V3, "tasks.task.add")).await.is_ok());
    let requests = probe.requests();
    let keys: Vec<_> = requests.iter().map(|request| request.idempotency_key().unwrap()).collect();
    assert!(keys.len() == 3 && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert!(requests.iter().all(|request| request.params().as_bytes() == requests[0].params().as_bytes()));

    let again = Probe::new(|_| answer());
    run(&again, RetryPolicy::default(), call(ApiVersion::V3, "tasks.task.add")).await.unwrap();
    assert_ne!(again.requests()[0].idempotency_key(), Some(keys[0]), "each call has a key of its own");
}

#[tokio::test(start_paused = true)]
async fn only_v3_writes_get_a_key() {
    for (version, method) in
        [(ApiVersion::V2, "crm.deal.add"), (ApiVersion::V3, "tasks.task.get"), (ApiVersion::V3, "batch")]
    {
        let probe = Probe::new(|_| answer());
        run(&probe, RetryPolicy::default(), call(version, method)).await.unwrap();
        assert_eq!(probe.requests()[0].options().idempotency_key(), None, "{version} {method}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_policy_of_one_call_does_not_touch_the_next() {
    let probe = Probe::new(|_| Err(busy()));
    let retry = RetryLayer::default().layer(probe.clone());
    let once = call(ApiVersion::V2, "crm.deal.get").with_options(CallOptions::default().with_max_retries(0));
    let _ = retry.clone().oneshot(once).await;
    assert_eq!(probe.sends(), 1);
    let _ = retry.oneshot(call(ApiVersion::V2, "crm.deal.get")).await;
    assert_eq!(probe.sends(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_code_that_the_caller_calls_soft_comes_out_soft() {
    let probe = Probe::new(|_| Err(RestError::new(StatusCode::INTERNAL_SERVER_ERROR, "ODD", "").into()));
    let policy = RetryPolicy::default().with_soft_codes(["odd"]);
    let error = run(&probe, policy, call(ApiVersion::V2, "crm.deal.get")).await.unwrap_err();
    assert!(error.is_soft() && error.into_soft().is_ok());
    assert_eq!(probe.sends(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_outlast_the_deadline_is_not_begun() {
    let probe = Probe::new(|_| Err(busy().with_retry_after(Some(Duration::from_secs(20)))));
    let options = CallOptions::default().with_deadline(Duration::from_secs(30));
    let begin = Instant::now();
    let error =
        run(&probe, RetryPolicy::default(), call(ApiVersion::V2, "a.get").with_options(options)).await.unwrap_err();
    // One wait of 20 s fits into 30 s, the second one does not, and fails at once.
    assert_eq!((begin.elapsed().as_secs(), probe.sends(), error.code()), (20, 2, "QUERY_LIMIT_EXCEEDED"));
    let left: Vec<_> = probe.requests().iter().map(|request| request.options().deadline().unwrap().as_secs()).collect();
    assert_eq!(left, [30, 10], "layers below see what is left");
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_open_failures_is_not_made_worse() {
    let probe = Probe::new(|_| Err(lost()));
    let retry = RetryLayer::default().layer(probe.clone());
    for _ in 0..1000 {
        let _ = retry.clone().oneshot(call(ApiVersion::V2, "crm.deal.get")).await;
    }
    // Ten to begin with, and one in five.
    assert!(probe.sends() <= 1000 + 10 + 200, "{}", probe.sends());
}

#[tokio::test(start_paused = true)]
async fn refusals_that_cost_nothing_are_outside_of_the_budget() {
    let probe = Probe::new(|_| Err(busy()));
    let retry = RetryLayer::default().layer(probe.clone());
    for _ in 0..100 {
        let _ = retry.clone().oneshot(call(ApiVersion::V2, "crm.deal.add")).await;
    }
    assert_eq!(probe.sends(), 300);
}

#[test]
fn types_can_be_sent_shared_cloned_and_printed() {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
    shared::<RetryLayer>();
    shared::<RetryPolicy>();
    fn sendable<T: Send>(_: &T) {}
    let mut retry = RetryLayer::default().layer(Probe::new(|_| answer()));
    sendable(&retry.call(call(ApiVersion::V2, "profile")));
}

#[tokio::test(start_paused = true)]
async fn a_last_send_that_did_not_run_does_not_hide_an_earlier_one_that_may_have() {
    let refused = || Error::transport(SdkCode::NetworkError, "refused", false).with_attempts(1);
    for last in [refused as fn() -> Error, busy] {
        let probe = Probe::new(move |send| Err(if send == 1 { lost() } else { last() }));
        let error = run(&probe, RetryPolicy::default(), call(ApiVersion::V3, "tasks.task.add")).await.unwrap_err();
        assert_eq!((error.attempts(), error.may_have_run()), (3, true));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_ends_the_call_wherever_it_is() {
    let options = CallOptions::default().with_deadline(Duration::from_secs(2));
    let never = tower::service_fn(|_: RestRequest| std::future::pending::<Result<RestResponse, Error>>());
    let begin = Instant::now();
    let request = call(ApiVersion::V2, "crm.deal.add").with_options(options);
    let error = RetryLayer::default().layer(never).oneshot(request).await.unwrap_err();
    assert_eq!(begin.elapsed().as_secs(), 2);
    assert_eq!((error.code(), error.may_have_run()), ("REQUEST_TIMEOUT", true));
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_days_is_not_begun() {
    let probe = Probe::new(|_| Err(busy().with_retry_after(Some(Duration::from_secs(86_400)))));
    let begin = Instant::now();
    let _ = run(&probe, RetryPolicy::default(), call(ApiVersion::V2, "profile")).await;
    assert_eq!((probe.sends(), begin.elapsed().as_secs()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_says_how_often_is_taken_at_his_word() {
    let probe = Probe::new(|_| Err(lost()));
    let request = call(ApiVersion::V2, "crm.deal.get").with_options(CallOptions::default().with_max_retries(50));
    let _ = run(&probe, RetryPolicy::default(), request).await;
    assert_eq!(probe.sends(), 51);
}

#[tokio::test(start_paused = true)]
async fn a_key_makes_no_other_method_repeatable() {
    let probe = Probe::new(|_| Err(lost()));
    let options = CallOptions::default().with_idempotency_key("k");
    let request = call(ApiVersion::V3, "tasks.task.chat.message.send").with_options(options);
    let _ = run(&probe, RetryPolicy::default(), request).await;
    assert_eq!(probe.sends(), 1);
}
