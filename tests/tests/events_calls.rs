//! Handlers that are bound and robots that are answered, against the portal.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/installed.rs"]
mod installed;
#[path = "support/log.rs"]
mod log;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use b24::{
    B24, EventService, Secret,
    events::{
        ApplicationToken, OfflineEvents, RobotCall, Verified,
        binding::{self, Binding},
        reply,
    },
};
use b24_portal::{Dialect, Fault, Portal};
use installed::{Installed, of_user};
use log::Log;
use serde_json::{Value, json};

const UPDATE: &str = "ONCRMDEALUPDATE";
const HANDLER: &str = "https://app.example/events";

#[tokio::test]
async fn bindings_are_as_good_the_second_time_in_every_dialect() {
    for dialect in [Dialect::Php, Dialect::Docs] {
        let bench = Installed::on(Portal::builder().dialect(dialect)).await;
        let b24 = || bench.b24.clone();
        let all = [
            Binding::online("OnCrmDealAdd", HANDLER),
            Binding::online("ONCRMDEALADD", HANDLER).with_user(3),
            Binding::offline("onCrmDealAdd"),
            Binding::offline(UPDATE).with_auth_connector("sync"),
            Binding::online("ONOFFLINEEVENT", HANDLER).with_option("minTimeout", 5),
        ];
        let mut told = all.clone();
        told[4] = Binding::online("ONOFFLINEEVENT", HANDLER);
        assert_eq!(binding::ensure(b24(), &all[..2]).await.unwrap(), all[..2], "{dialect:?}");
        assert_eq!(binding::ensure(b24(), &all).await.unwrap(), all[2..], "{dialect:?}");
        assert_eq!(binding::ensure(b24(), &all).await.unwrap(), [], "{dialect:?}");
        assert_eq!(binding::bound(b24()).await.unwrap(), told, "{dialect:?}");
        for binding in &all {
            assert!(!binding::bind(b24(), binding).await.unwrap(), "{dialect:?} {binding:?}");
        }
        // A user who is no administrator sees and binds only what is hers.
        let hers = of_user(&bench.portal, 3);
        assert_eq!(binding::bound(hers.clone()).await.unwrap(), [all[1].clone()], "{dialect:?}");
        assert_eq!(binding::ensure(hers.clone(), &all[..1]).await.unwrap(), [], "{dialect:?}");
        let refused = binding::bind(hers.clone(), &all[2]).await.unwrap_err();
        assert_eq!(refused.code(), "ACCESS_DENIED", "{dialect:?}");
        assert_eq!(binding::unbind(hers, &all[0]).await.unwrap(), 1, "{dialect:?}");

        assert_eq!(
            binding::bind(b24(), &Binding::online("ONNOTHING", HANDLER)).await.unwrap_err().code(),
            "ERROR_EVENT_NOT_FOUND"
        );
        let lost = Fault::lost_response().for_method("event.bind");
        bench.portal.fault(lost);
        // The answer is lost, the second attempt finds it bound.
        assert!(!binding::bind(b24(), &Binding::online("ONTASKADD", HANDLER)).await.unwrap(), "{dialect:?}");
        assert_eq!(binding::unbind(b24(), &all[0]).await.unwrap(), 1, "{dialect:?}");
        assert_eq!(binding::unbind(b24(), &all[0]).await.unwrap(), 0, "{dialect:?}");
        for (binding, count) in all[2..].iter().zip([1, 1, 1]) {
            assert_eq!(binding::unbind(b24(), binding).await.unwrap(), count, "{dialect:?} {binding:?}");
        }
        assert_eq!(binding::bound(b24()).await.unwrap(), [Binding::online("ONTASKADD", HANDLER)], "{dialect:?}");
    }
}

#[tokio::test]
async fn a_webhook_cannot_have_any_of_it() {
    let bench = Installed::on(Portal::builder()).await;
    let hook = B24::from_webhook_url(&bench.portal.hook_url()).unwrap();
    let refusals = [
        binding::bind(hook.clone(), &Binding::offline(UPDATE)).await.unwrap_err(),
        binding::bound(hook.clone()).await.unwrap_err(),
        OfflineEvents::new(hook).next().await.unwrap().unwrap_err(),
    ];
    for error in refusals {
        assert_eq!((error.code(), error.rest().unwrap().status().as_u16()), ("WRONG_AUTH_TYPE", 403));
    }
}

#[tokio::test]
async fn a_robot_is_answered_once_and_its_token_is_written_nowhere() {
    let bench = Installed::on(Portal::builder()).await;
    let application_token = bench.portal.application().application_token().to_owned();
    let (log, second) = (Log::default(), Arc::new(Mutex::new(None)));
    let guard = log.everything();
    let (b24, keep, runs) = (bench.b24.clone(), Arc::clone(&second), Arc::new(AtomicU32::new(0)));
    let (service, worker) = EventService::builder(ApplicationToken::new(Secret::from(application_token.clone())))
        .on_robot("discount", move |call: Verified<RobotCall>| {
            let (b24, keep, run) = (b24.clone(), Arc::clone(&keep), runs.fetch_add(1, Ordering::Relaxed));
            async move {
                assert!(call.uses_subscription() && run == 0);
                let asked = call.properties::<Value>()?;
                let values = json!({ "discount": asked["sum"].as_str() });
                let token = call.event_token().ok_or("no token")?;
                reply::send_values(b24.clone(), token, &values, Some("a good customer")).await?;
                let again = reply::send_values(b24, token, &values, None).await.unwrap_err();
                *keep.lock().unwrap() = Some(again);
                Ok(())
            }
        })
        .build()
        .unwrap();
    let work = tokio::spawn(worker.run());
    bench.portal.deliver_to(service.clone());
    let run = b24_portal::RobotCall::new("discount").property("sum", 15).waits(Duration::from_secs(60));
    let token = bench.portal.run_robot(HANDLER, &run);
    bench.portal.deliveries_done().await;
    service.settled().await;
    work.abort();
    drop(guard);

    let answers = bench.portal.robot_answers();
    assert_eq!((answers.len(), &answers[0].event_token), (1, &token));
    assert_eq!((&*answers[0].return_values, &*answers[0].log_message), (r#"{"discount":"15"}"#, "a good customer"));
    let error = second.lock().unwrap().take().unwrap();
    assert_eq!((error.code(), error.rest().unwrap().status().as_u16()), ("ACCESS_DENIED", 403));
    log.note(&error);
    // Whoever waits for no answer gets none.
    let quiet = bench.portal.run_robot(HANDLER, &b24_portal::RobotCall::new("nobody"));
    let error = reply::send_values(bench.b24.clone(), &Secret::from(quiet.clone()), &(), None).await.unwrap_err();
    assert_eq!(error.code(), "ACCESS_DENIED");
    log.note(&error);
    log.holds_none_of([&*token, &*quiet, &*application_token]);
    assert!(log.text().contains("discount"), "{}", log.text());
}

#[tokio::test]
async fn an_answer_of_a_robot_that_was_lost_is_not_sent_again_and_its_error_keeps_the_token() {
    let bench = Installed::on(Portal::builder()).await;
    let token = bench.portal.run_robot(HANDLER, &b24_portal::RobotCall::new("x").waits(Duration::from_secs(60)));
    let secret = Secret::from(token.clone());
    let log = Log::default();
    bench.portal.fault(Fault::lost_response().for_method("bizproc.event.send"));
    let error = reply::send_values(bench.b24.clone(), &secret, &json!({ "a": 1 }), None).await.unwrap_err();
    assert!(error.may_have_run());
    log.note(&error);
    assert_eq!((bench.portal.robot_answers().len(), bench.asked("bizproc.event.send")), (1, 1));
    // A portal that repeats what it was told.
    let said = json!({ "error": "ERROR_CORE", "error_description": format!("no process has {token}") }).to_string();
    bench.portal.fault(Fault::reply(400, "application/json", said));
    let error = reply::send_values(bench.b24.clone(), &secret, &(), None).await.unwrap_err();
    assert_eq!(error.code(), "ERROR_CORE");
    log.note(&error);
    log.holds_none_of([&*token]);
}
