//! The restriction layer and operating time: methods that wait while others go on, on a paused clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::time::Duration;

use b24_core::{ApiVersion, Params, RestResponse};
use b24_limiter::{Limiter, Restrictions, RetryLayer};
use common::{Probe, S, answer, answer_with, blocked, dear, limiter, over, send, spawn, v2, with_params};
use futures_util::future::join_all;
use tokio::time::Instant;
use tower::{Layer, ServiceExt};

#[tokio::test(start_paused = true)]
async fn a_method_that_has_used_up_its_time_waits_and_others_go_on() {
    let (limiter, probe, start) = (limiter(50.0, 2.0), dear(), Instant::now());
    send(&limiter, &probe, v2("dear")).await.unwrap();
    let again = spawn(&limiter, &probe, v2("Dear")).await;
    send(&limiter, &probe, v2("cheap")).await.unwrap();
    let used =
        |name: &str| limiter.stats().methods.iter().find(|one| one.method.as_str() == name).map(|one| one.operating);
    assert_eq!((used("dear"), used("cheap")), (Some(S * 478), Some(Duration::ZERO)));
    again.await.unwrap();
    // The official SDK's wait: until the reset, and a second.
    let want = [("dear", 0), ("cheap", 0), ("Dear", 31_000)];
    assert_eq!(probe.arrivals(start), want.map(|(name, at)| (name.to_owned(), at)));
}

// https://apidocs.bitrix24.com/settings/performance/limits.html: a 429 carries no `time`.
#[tokio::test(start_paused = true)]
async fn a_refusal_by_operating_time_is_remembered_with_what_was_told_before() {
    let probe = Probe::new(|send| match send {
        1 => answer_with(460.0, 100.0),
        2 => Err(blocked()),
        _ => answer_with(20.0, 600.0),
    });
    let (limiter, start) = (limiter(50.0, 2.0), Instant::now());
    let stack = RetryLayer::default().layer(over(&limiter, &probe));
    stack.clone().oneshot(v2("dear")).await.unwrap();
    stack.clone().oneshot(v2("dear")).await.unwrap();
    let arrivals = probe.arrivals(start);
    assert!(arrivals[2].1 >= 100_000 && arrivals[2].1 <= 102_000, "{arrivals:?}");
    assert_eq!(limiter.stats().operating_refusals, 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_any_counter_waits_for_the_longest_ban_that_is_known() {
    let probe = Probe::new(|send| if send == 1 { Err(blocked()) } else { answer() });
    let (limiter, start) = (limiter(50.0, 2.0), Instant::now());
    let stack = RetryLayer::default().layer(over(&limiter, &probe));
    stack.oneshot(v2("dear")).await.unwrap();
    let arrivals = probe.arrivals(start);
    assert!(arrivals[1].1 >= 300_000 && arrivals[1].1 <= 311_000, "{arrivals:?}");
}

#[tokio::test(start_paused = true)]
async fn a_method_near_its_limit_is_slowed_down() {
    let probe = Probe::by_request(|_, request| match request.method().as_str() {
        "dear" => answer_with(400.0, 300.0),
        _ => answer(),
    });
    let (limiter, start) = (Limiter::new(Restrictions::default()).unwrap(), Instant::now());
    for _ in 0..3 {
        send(&limiter, &probe, v2("dear")).await.unwrap();
    }
    send(&limiter, &probe, v2("cheap")).await.unwrap();
    let arrivals: Vec<_> = probe.arrivals(start).into_iter().map(|(_, at)| at).collect();
    // A hundredth of the time until the reset.
    assert_eq!(arrivals, [0, 3000, 6000, 6000]);
    let stats = limiter.stats();
    assert_eq!((stats.adaptive_delays, stats.average_adaptive_delay(), stats.heavy), (2, S * 3, 3));
}

#[tokio::test(start_paused = true)]
async fn calls_under_way_count_before_they_answer() {
    // Each costs 100 s; the portal tells the sum so far.
    let probe = Probe::new(|send| {
        let sum = 100 * send;
        let text = format!(
            r#"{{"result":1,"time":{{"finish":2000000,"duration":100,"operating":{sum},"operating_reset_at":2000600}}}}"#
        );
        RestResponse::read(http::StatusCode::OK, text.into())
    });
    let (limiter, start) = (limiter(50.0, 2.0), Instant::now());
    let probe = probe.that_takes(S * 100);
    send(&limiter, &probe, v2("dear")).await.unwrap();
    let crowd = (0..10).map(|_| send(&limiter, &probe, v2("dear")));
    assert!(tokio::time::timeout(S * 300, join_all(crowd)).await.is_err());
    // 480 s hold four more: the last one may cross the limit.
    assert_eq!(probe.sends(), 5, "{:?}", probe.arrivals(start));
}

#[tokio::test(start_paused = true)]
async fn batches_wait_for_their_commands_in_every_form() {
    for (version, params) in [
        (ApiVersion::V2, r#"{"cmd":["dear?id=1","cheap"]}"#),
        (ApiVersion::V2, r#"{"cmd":{"a":"cheap","b":"Dear?id=1"}}"#),
        (ApiVersion::V3, r#"[{"method":"dear","query":{}}]"#),
    ] {
        let (limiter, probe, start) = (limiter(50.0, 2.0), dear(), Instant::now());
        send(&limiter, &probe, v2("dear")).await.unwrap();
        let raw: Box<serde_json::value::RawValue> = serde_json::from_str(params).unwrap();
        let params = if version == ApiVersion::V2 { Params::object(&raw) } else { Params::list(&raw) };
        send(&limiter, &probe, with_params(version, "batch", params.unwrap())).await.unwrap();
        assert_eq!(probe.arrivals(start)[1], ("batch".to_owned(), 31_000), "{version:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_refused_inside_of_a_batch_blocks_its_method() {
    let probe = Probe::by_request(|_, request| match request.method().as_str() {
        "batch" => RestResponse::read(
            http::StatusCode::OK,
            r#"{"result":{"result":[1],"result_error":{"b":{"error":"OPERATION_TIME_LIMIT"}},"result_time":[]}}"#
                .into(),
        ),
        _ => answer(),
    });
    let (limiter, start) = (limiter(50.0, 2.0), Instant::now());
    let params = Params::object(&serde_json::json!({"cmd": {"a": "cheap", "b": "dear"}})).unwrap();
    send(&limiter, &probe, with_params(ApiVersion::V2, "batch", params)).await.unwrap();
    send(&limiter, &probe, v2("cheap")).await.unwrap();
    send(&limiter, &probe, v2("dear")).await.unwrap();
    let arrivals = probe.arrivals(start);
    assert!(arrivals[1].1 == 0 && arrivals[2].1 >= 300_000, "{arrivals:?}");
    assert_eq!(limiter.stats().operating_refusals, 1);
}
