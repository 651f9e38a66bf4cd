//! Calls over a stack that is one function.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use b24_client::{Call, Client};
use b24_core::{ApiVersion, Error, Reply, RestError, RestRequest, RestResponse, Safety};
use futures_util::FutureExt;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A client whose portal answers `body`, and what it was asked.
fn client(status: u16, body: &'static str) -> (Client, Arc<Mutex<Vec<RestRequest>>>) {
    let seen = Arc::<Mutex<Vec<RestRequest>>>::default();
    let log = Arc::clone(&seen);
    let stack = tower::service_fn(move |request: RestRequest| {
        log.lock().unwrap().push(request);
        std::future::ready(RestResponse::read(StatusCode::from_u16(status).unwrap(), body.into()))
    });
    (Client::new("https://p.bitrix24.com".parse().unwrap(), stack), seen)
}

fn send(call: Call) -> Result<Reply<Value>, Error> {
    call.send().now_or_never().expect("nothing here waits")
}

#[derive(Debug, Deserialize, PartialEq)]
struct Profile {
    #[serde(rename = "NAME")]
    name: String,
}

#[test]
fn the_type_of_the_reply_is_inferred() {
    let (b24, _) = client(200, r#"{"result":{"NAME":"Ada"},"next":50,"total":120,"time":{"operating":0.5}}"#);
    let me: Reply<Profile> = b24.v2().call("profile").send().now_or_never().unwrap().unwrap();
    assert_eq!(me.result, Profile { name: "Ada".into() });
    assert_eq!((me.next, me.total, me.time.unwrap().operating), (Some(50), Some(120), Some(0.5)));
}

#[test]
fn every_option_travels_inside_the_request() {
    let (b24, seen) = client(200, r#"{"result":1}"#);
    let call = b24.v3().call("tasks.task.add").params(json!({ "b": 1, "a": 2 })).request_id("job-17");
    let call = call.timeout(Duration::from_secs(5)).deadline(Duration::from_secs(9)).idempotent(true);
    let reply = send(call).unwrap();
    assert_eq!(reply.request_id.as_deref(), Some("job-17"));

    let seen = seen.lock().unwrap();
    let options = seen[0].options();
    assert_eq!((seen[0].version(), seen[0].method().as_str()), (ApiVersion::V3, "tasks.task.add"));
    assert_eq!(options.request_id(), Some("job-17"));
    assert_eq!(options.timeout(), Some(Duration::from_secs(5)));
    assert_eq!(options.deadline(), Some(Duration::from_secs(9)));
    assert_eq!(seen[0].safety(), Safety::Idempotent);
}

#[test]
fn each_call_has_a_request_id_of_its_own() {
    let (b24, seen) = client(200, r#"{"result":1}"#);
    send(b24.v2().call("profile")).unwrap();
    send(b24.v2().call("profile")).unwrap();
    let seen = seen.lock().unwrap();
    let ids: Vec<_> = seen.iter().map(|request| request.options().request_id().unwrap()).collect();
    assert_ne!(ids[0], ids[1]);
    assert_eq!(uuid::Uuid::parse_str(ids[0]).unwrap().get_version_num(), 4);
}

#[test]
fn what_cannot_be_sent_is_refused_before_sending() {
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("cannot"))
        }
    }
    let (b24, seen) = client(200, r#"{"result":1}"#);
    for (call, code) in [
        (b24.v2().call(""), "INVALID_METHOD"),
        (b24.v2().call("a/b"), "INVALID_METHOD"),
        (b24.v2().call("profile").params([1]), "INVALID_PARAMS"),
        (b24.v2().call("profile").params(Broken), "INVALID_PARAMS"),
    ] {
        let error = send(call).unwrap_err();
        assert_eq!((error.code(), error.may_have_run(), error.attempts()), (code, false, 0));
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn every_error_of_the_portal_is_an_err_of_send() {
    let (b24, _) = client(400, r#"{"error":"ERROR_ENTITY_NOT_FOUND","error_description":"gone"}"#);
    let error = send(b24.v2().call("crm.deal.get").params(json!({ "id": 7, "token": "tk-1" }))).unwrap_err();
    assert!(error.is_soft());
    assert_eq!(error.to_string(), "crm.deal.get: ERROR_ENTITY_NOT_FOUND (status 400): gone");
    let info = error.request().unwrap();
    assert_eq!(info.redacted_params(), r#"{"id":7,"token":"***"}"#);
    assert!(info.request_id().is_some());
}

#[test]
fn outcome_holds_exactly_the_soft_errors() {
    let outcome = |status, body| {
        let (b24, _) = client(status, body);
        b24.v2().call("crm.deal.get").outcome::<Value>().now_or_never().unwrap()
    };
    let soft: Result<_, RestError> = outcome(400, r#"{"error":"ERROR_ENTITY_NOT_FOUND"}"#).unwrap();
    assert_eq!(soft.unwrap_err().code(), "ERROR_ENTITY_NOT_FOUND");
    assert!(outcome(200, r#"{"result":1}"#).unwrap().is_ok());
    assert_eq!(outcome(400, r#"{"error":"ERROR_CORE"}"#).unwrap_err().code(), "ERROR_CORE");
    assert_eq!(outcome(200, "<html>").unwrap_err().code(), "INVALID_RESPONSE");
}

#[test]
fn a_payload_of_another_shape_names_the_call() {
    let (b24, _) = client(200, r#"{"result":[]}"#);
    let error = b24.v2().call("profile").send::<Profile>().now_or_never().unwrap().unwrap_err();
    assert!(error.to_string().starts_with("profile: INVALID_RESPONSE (status 200)"), "{error}");
}

#[test]
fn the_handle_is_cheap_to_share_and_shows_no_more_than_its_portal() {
    fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}
    let (b24, _) = client(200, "{}");
    shared(&b24);
    fn sendable<T: Send>(_: &T) {}
    sendable(&b24.v2().call("profile").send::<Value>());
    assert_eq!(format!("{b24:?}"), "Client { portal: https://p.bitrix24.com, .. }");
}
