//! What is wrong in the official SDK's limiter, and must not be in ours. The numbers are those of its defects:
//! <https://github.com/bitrix24/b24jssdk>.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use b24::{B24, CallOptions, Limiter, Restrictions, limiter::settings::RateLimit};
use b24_portal::{Fault, Limits, Portal};
use serde_json::{Value, json};
use tokio::time::Instant;

fn portal() -> Portal {
    Portal::builder().limits(Limits::default().with_rate(5, 1000)).rows(1).in_process()
}

fn handle(portal: &Portal) -> b24::Builder<b24_portal::PortalService> {
    B24::builder().http_client(portal.service())
}

fn with_rate(burst: f64, drain: f64) -> Restrictions {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(burst, drain));
    restrictions
}

async fn time(b24: &B24) -> Result<(), b24::Error> {
    b24.v2().call("server.time").send::<Value>().await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn defect_1_both_generations_and_all_handles_on_a_portal_share_one_limiter() {
    let portal = portal();
    let one = handle(&portal).restrictions(with_rate(3.0, 1.0)).unwrap().webhook_url(&portal.hook_url()).unwrap();
    let other = handle(&portal).webhook_url(&portal.hook_url()).unwrap();
    let begin = Instant::now();
    time(&one).await.unwrap();
    one.v3().call("tasks.task.get").params(json!({"id": 1})).send::<Value>().await.unwrap();
    time(&other.clone()).await.unwrap();
    assert!(begin.elapsed() < Duration::from_millis(500));
    time(&other).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert_eq!((one.stats().sends, other.stats().sends), (4, 4));
    // One that wants a limiter of its own has one.
    let apart = handle(&portal).limiter(Limiter::new(with_rate(3.0, 1.0)).unwrap());
    let apart = apart.webhook_url(&portal.hook_url()).unwrap();
    time(&apart).await.unwrap();
    assert_eq!((apart.stats().sends, one.stats().sends), (1, 4));
}

#[tokio::test(start_paused = true)]
async fn defect_3_refusals_lower_the_rate_and_nobodys_parameters() {
    let portal = portal();
    let preset = Restrictions::enterprise();
    let b24 = handle(&portal).restrictions(preset.clone()).unwrap().webhook_url(&portal.hook_url()).unwrap();
    for _ in 0..6 {
        portal.fault(Fault::query_limit_exceeded());
        time(&b24).await.unwrap();
    }
    let rate = b24.stats().rate.unwrap();
    assert!(rate.drain_per_second < 5.0 && b24.stats().rate_refusals == 6, "{rate:?}");
    assert_eq!(
        (preset, b24.limits().unwrap().restrictions()),
        (Restrictions::enterprise(), Restrictions::enterprise())
    );
    // And a minute later it is back.
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!((b24.stats().rate.unwrap().drain_per_second - 5.0).abs() < 0.01);
}

#[tokio::test(start_paused = true)]
async fn defect_4_a_change_of_one_parameter_leaves_the_others_and_holds_at_once() {
    let portal = portal();
    let b24 =
        handle(&portal).restrictions(Restrictions::enterprise()).unwrap().webhook_url(&portal.hook_url()).unwrap();
    let limits = b24.limits().unwrap();
    limits.update(|restrictions| restrictions.retry = restrictions.retry.clone().with_max_retries(7)).unwrap();
    let after = limits.restrictions();
    assert_eq!((after.rate, after.retry.max_retries()), (Some(RateLimit::enterprise()), 7));
    time(&b24).await.unwrap();
    limits.update(|restrictions| restrictions.rate = Some(RateLimit::new(2.0, 1.0))).unwrap();
    assert!(b24.stats().rate.unwrap().tokens <= 2.0);
    assert!(limits.update(|restrictions| restrictions.rate = Some(RateLimit::new(0.0, 1.0))).is_err());
    assert_eq!(limits.restrictions().rate, Some(RateLimit::new(2.0, 1.0)));
}

#[tokio::test(start_paused = true)]
async fn defect_5_the_policy_of_one_call_is_its_own() {
    let portal = portal();
    let b24 = handle(&portal).webhook_url(&portal.hook_url()).unwrap();
    portal.fault(Fault::query_limit_exceeded());
    let once = CallOptions::default().with_max_retries(0);
    let error = b24.v2().call("server.time").options(once).send::<Value>().await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), ("QUERY_LIMIT_EXCEEDED", 1));
    portal.fault(Fault::query_limit_exceeded());
    time(&b24).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn defect_6_a_write_whose_answer_was_lost_is_not_sent_again() {
    let portal = portal();
    let b24 = handle(&portal).webhook_url(&portal.hook_url()).unwrap();
    portal.fault(Fault::lost_response());
    let add = b24.v2().call("crm.deal.add").params(json!({"fields": {"TITLE": "x"}}));
    assert!(add.send::<Value>().await.unwrap_err().may_have_run());
    assert_eq!(portal.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn defect_7_the_last_send_teaches_as_any_other() {
    let portal = portal();
    let b24 = handle(&portal).restrictions(Restrictions::realtime()).unwrap().webhook_url(&portal.hook_url()).unwrap();
    portal.fault(Fault::query_limit_exceeded());
    assert!(time(&b24).await.is_err());
    let stats = b24.stats();
    assert_eq!((stats.rate_refusals, stats.codes["QUERY_LIMIT_EXCEEDED"]), (1, 1));
    let begin = Instant::now();
    time(&b24).await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(1500));
}

#[tokio::test(start_paused = true)]
async fn defect_8_the_tariff_changes_the_rate_alone() {
    let mut restrictions = Restrictions::batch_processing();
    restrictions.rate = RateLimit::from_tariff("b24_enterprise");
    assert_eq!(restrictions.rate, Some(RateLimit::enterprise()));
    assert_eq!(restrictions.retry, Restrictions::batch_processing().retry);
}

#[tokio::test(start_paused = true)]
async fn defect_9_an_answer_without_time_is_a_success() {
    let portal = portal();
    let b24 = handle(&portal).webhook_url(&portal.hook_url()).unwrap();
    let document: Value = b24.v3().call("rest.documentation.openapi").send().await.unwrap().result;
    assert!(document["openapi"].is_string());
    assert_eq!((b24.stats().succeeded, b24.stats().failed), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn defect_10_after_the_reset_calls_go_without_further_waits_and_a_crowd_does_not_overshoot() {
    let portal = Portal::builder()
        .limits(Limits::default().with_rate(5, 1000))
        .method_cost("user.get", Duration::from_secs(50))
        .work_takes_time(true)
        .rows(1)
        .in_process();
    let b24 = handle(&portal).restrictions(with_rate(100.0, 100.0)).unwrap().webhook_url(&portal.hook_url()).unwrap();
    let crowd = |callers: usize| {
        let get = || b24.v2().call("user.get").send::<Value>();
        futures_util::future::join_all((0..callers).map(move |_| get()))
    };
    let begin = Instant::now();
    // 400 s, then another crowd: two of it fit in, the others wait for the reset and go with it.
    assert!(crowd(8).await.iter().all(Result::is_ok));
    assert!(crowd(8).await.iter().all(Result::is_ok));
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(645) && waited <= Duration::from_secs(660), "{waited:?}");
    assert!(portal.requests().iter().all(|request| request.status.is_some_and(|status| status == 200)));
}

#[tokio::test(start_paused = true)]
async fn defect_11_other_server_errors_are_no_refusals_and_the_servers_wait_is_kept() {
    let portal = portal();
    let b24 = handle(&portal).webhook_url(&portal.hook_url()).unwrap();
    portal.fault(Fault::html(502));
    time(&b24).await.unwrap();
    assert_eq!((b24.stats().rate_refusals, b24.stats().rate.unwrap().refusals_in_a_row), (0, 0));
}
