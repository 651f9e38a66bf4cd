//! Faults on the way of a letter, answers of handlers, and robots.

mod common;

use std::time::Duration;

use b24_portal::{DeliveryFate, EventFault, PortalBuilder, RobotCall};
use common::events::{Inbox, call, portal};
use common::form::read;
use common::{Bench, SECRET};
use http::StatusCode;
use serde_json::json;

fn hooked() -> PortalBuilder {
    portal().outgoing_webhook(["E", "F"], "https://hook.example/")
}

/// Fires an event for each number.
fn fire(bench: &Bench, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        assert_eq!(bench.portal.fire_event("E", json!({"n": number})), 1);
    }
}

fn numbers(inbox: &Inbox) -> String {
    let letters = inbox.take();
    letters.iter().filter_map(|letter| letter.get("data[n]")).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn letters_come_twice_late_overtaken_or_never() {
    let inbox = Inbox::new();
    let bench = inbox.bench(hooked());
    for (fault, want) in [
        (EventFault::duplicated(), "1 1 2 3 4"),
        (EventFault::delayed(Duration::from_secs(60)), "2 3 4 1"),
        (EventFault::overtaken(), "2 1 3 4"),
        (EventFault::overtaken().times(2), "3 2 1 4"),
        (EventFault::overtaken().every(4), "1 2 3 4"),
        (EventFault::lost().every(2).times(2), "1 3"),
        (EventFault::lost().for_event("F"), "1 2 3 4"),
    ] {
        bench.portal.event_fault(fault.clone());
        fire(&bench, 1..=4);
        bench.portal.deliveries_done().await;
        assert_eq!(numbers(&inbox), want, "{fault:?}");
        bench.portal.clear_faults();
    }
    let lost = bench.portal.deliveries().iter().filter(|sent| sent.fate == DeliveryFate::Lost).count();
    assert_eq!(lost, 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_letter_waits_on_a_paused_clock() {
    let inbox = Inbox::new();
    let portal = hooked().in_process();
    portal.deliver_to(inbox.clone());
    portal.event_fault(EventFault::delayed(Duration::from_secs(3600)));
    let began = tokio::time::Instant::now();
    portal.fire_event("E", json!({"n": 1}));
    portal.fire_event("E", json!({"n": 2}));
    portal.deliveries_done().await;
    assert_eq!((numbers(&inbox).as_str(), began.elapsed().as_secs()), ("2 1", 3600));
}

#[tokio::test]
async fn a_forgery_looks_like_the_letter_and_knows_no_secret() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal());
    let app = bench.portal.install(1);
    common::events::bind(&bench, &app, "ONTASKADD", "https://app.example/").await;
    for (fault, with_token) in [(EventFault::forged(), true), (EventFault::forged_without_token(), false)] {
        bench.portal.event_fault(fault);
        bench.portal.fire_event_as(1, "ONTASKADD", json!({"FIELDS_AFTER": {"ID": 5}}));
        bench.portal.deliveries_done().await;
        let letters = inbox.take();
        assert_eq!((letters.len(), letters[0].get("data[FIELDS_AFTER][ID]")), (2, Some("5")));
        let token = |at: usize| letters[at].get("auth[application_token]");
        assert_eq!(token(1), Some(app.application().application_token()));
        assert_eq!((token(0).is_some(), token(0) == token(1)), (with_token, false));
        let access = letters[0].get("auth[access_token]").expect("a token");
        assert_eq!(bench.post("/rest/profile", &json!({"auth": access})).await.error(), "invalid_token");
    }
    let forged: Vec<bool> = bench.portal.deliveries().iter().map(|sent| sent.forged).collect();
    assert_eq!(forged, [true, false, true, false]);
}

#[tokio::test]
async fn answers_are_remembered_and_nothing_is_sent_again_by_default() {
    let inbox = Inbox::answering(500);
    let bench = inbox.bench(hooked());
    fire(&bench, 1..=2);
    bench.portal.deliveries_done().await;
    let sent = bench.portal.deliveries();
    assert_eq!((sent.len(), sent[0].status(), sent[0].attempt), (2, Some(StatusCode::INTERNAL_SERVER_ERROR), 1));
    assert_eq!(read(&String::from_utf8_lossy(&sent[1].body))["data[n]"], "2");
}

#[tokio::test]
async fn a_portal_can_be_made_to_insist() {
    let inbox = Inbox::answering(302);
    let bench = inbox.bench(hooked().event_retries(2, Duration::from_secs(10)));
    let began = bench.clock.now();
    fire(&bench, 1..=1);
    bench.portal.deliveries_done().await;
    assert_eq!(numbers(&inbox), "1 1 1");
    let attempts: Vec<u32> = bench.portal.deliveries().iter().map(|sent| sent.attempt).collect();
    assert_eq!((attempts, bench.clock.now() - began), (vec![1, 2, 3], Duration::from_secs(20)));
}

#[tokio::test(start_paused = true)]
async fn a_handler_has_a_minute_for_its_answer() {
    let portal = hooked().in_process();
    portal.deliver_to(Silent);
    portal.fire_event("E", json!({}));
    let began = tokio::time::Instant::now();
    portal.deliveries_done().await;
    assert_eq!(began.elapsed(), Duration::from_secs(60));
    assert_eq!(portal.deliveries()[0].fate, DeliveryFate::Failed("no answer in time".to_owned()));
}

/// A handler that never answers.
#[derive(Clone)]
struct Silent;

impl tower_service::Service<http::Request<http_body_util::Full<bytes::Bytes>>> for Silent {
    type Response = http::Response<()>;
    type Error = std::convert::Infallible;
    type Future = std::future::Pending<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<http_body_util::Full<bytes::Bytes>>) -> Self::Future {
        std::future::pending()
    }
}

#[tokio::test]
async fn a_handler_that_panics_fails_alone() {
    let bench = Bench::with(hooked());
    let service = PanicsOnce::default();
    bench.portal.deliver_to(service);
    fire(&bench, 1..=2);
    bench.portal.deliveries_done().await;
    let fates: Vec<DeliveryFate> = bench.portal.deliveries().into_iter().map(|sent| sent.fate).collect();
    assert_eq!(fates[0], DeliveryFate::Failed("the handler panicked".to_owned()));
    assert_eq!(fates[1], DeliveryFate::Answered(StatusCode::OK));
}

/// A handler that panics at its first letter.
#[derive(Clone, Default)]
struct PanicsOnce(std::sync::Arc<std::sync::atomic::AtomicBool>);

impl tower_service::Service<http::Request<http_body_util::Full<bytes::Bytes>>> for PanicsOnce {
    type Response = http::Response<()>;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<http_body_util::Full<bytes::Bytes>>) -> Self::Future {
        assert!(self.0.swap(true, std::sync::atomic::Ordering::SeqCst), "{}", request.uri());
        std::future::ready(Ok(http::Response::new(())))
    }
}

#[tokio::test]
async fn a_robot_is_run_and_answered_once() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal());
    let app = bench.portal.install(1);
    let robot = RobotCall::new("send_sms")
        .property("text", "hello")
        .property("to", ["a", "b"])
        .document(["crm", "CCrmDocumentDeal", "DEAL_5"])
        .user(3)
        .waits(Duration::from_secs(600));
    let token = bench.portal.run_robot("https://app.example/robot", &robot);
    bench.portal.deliveries_done().await;
    let run = inbox.take().remove(0);
    for (name, want) in [
        ("code", "send_sms"),
        ("event_token", &token),
        ("document_id[0]", "crm"),
        ("document_id[2]", "DEAL_5"),
        ("document_type[1]", "CCrmDocumentDeal"),
        ("document_type[2]", "DEAL"),
        ("properties[text]", "hello"),
        ("properties[to][1]", "b"),
        ("use_subscription", "Y"),
        ("timeout_duration", "600"),
        ("auth[user_id]", "3"),
        ("auth[application_token]", app.application().application_token()),
    ] {
        assert_eq!(run.get(name), Some(want), "{name}");
    }
    assert!(token.starts_with(run.get("workflow_id").expect("a workflow")));
    assert!(run.get("auth[refresh_token]").is_some() && run.get("ts").is_some() && run.get("event").is_none());

    let answer = json!({"event_token": token, "return_values": {"sent": 1, "to": ["a"]}, "log_message": "done"});
    assert_eq!(*call(&bench, &app, "bizproc.event.send", answer.clone()).await.result(), true);
    let again = bench.post(&format!("/rest/1/{SECRET}/bizproc.event.send"), &answer).await;
    assert_eq!((again.status, again.error()), (403, "ACCESS_DENIED"));
    let answers = bench.portal.robot_answers();
    assert_eq!((answers.len(), &answers[0].event_token, answers[0].log_message.as_str()), (1, &token, "done"));
    assert_eq!(answers[0].return_values, r#"{"sent":1,"to":["a"]}"#);
    assert!(!format!("{answers:?}").contains(&token));
}

#[tokio::test]
async fn a_run_that_is_over_takes_no_answer() {
    let bench = Inbox::new().bench(portal());
    let app = bench.portal.install(1);
    let answer = async |token: String| {
        let reply = call(&bench, &app, "bizproc.event.send", json!({"EVENT_TOKEN": token})).await;
        (reply.status, reply.body["error"].clone())
    };
    let refused = (403, json!("ACCESS_DENIED"));
    let unasked = bench.portal.run_robot("https://app.example/", &RobotCall::new("a"));
    assert_eq!(answer(unasked).await, refused);
    let late = bench.portal.run_robot("https://app.example/", &RobotCall::new("a").waits(Duration::from_secs(60)));
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(answer(late).await, refused);
    assert_eq!(answer(String::new()).await, refused);
    assert!(bench.portal.robot_answers().is_empty());
}
