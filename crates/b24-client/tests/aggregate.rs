//! Aggregates: what goes over the wire, and what is refused before.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use b24_client::{Aggregate, Client};
use b24_core::{
    ApiVersion, Error, ErrorKind, Reply, RestRequest, RestResponse, Safety,
    filter::v3::{Filter, gt},
};
use futures_util::FutureExt;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

fn client(status: u16, body: &'static str) -> (Client, Arc<Mutex<Vec<RestRequest>>>) {
    let seen = Arc::<Mutex<Vec<RestRequest>>>::default();
    let log = Arc::clone(&seen);
    let stack = tower::service_fn(move |request: RestRequest| {
        log.lock().unwrap().push(request);
        std::future::ready(RestResponse::read(StatusCode::from_u16(status).unwrap(), body.into()))
    });
    (Client::new("https://p.bitrix24.com".parse().unwrap(), stack), seen)
}

const METHOD: &str = "vendor.deal.aggregate";
const SUMS: &str = r#"{"result":{"result":{"sum":{"amount":10.5}}}}"#;

fn send(aggregate: Aggregate) -> Result<Reply<Value>, Error> {
    aggregate.send().now_or_never().expect("nothing here waits")
}

/// The body that `build` sends.
fn body(build: impl FnOnce(Aggregate) -> Aggregate) -> String {
    let (b24, seen) = client(200, SUMS);
    send(build(b24.v3().aggregate(METHOD))).unwrap();
    let seen = seen.lock().unwrap();
    String::from_utf8(seen[0].params().as_bytes().to_vec()).unwrap()
}

#[test]
fn the_body_holds_the_selection_and_the_filter_and_nothing_else() {
    for (sent, want) in [
        (body(|a| a.sum("amount").count("id")), r#"{"select":{"sum":["amount"],"count":["id"]}}"#),
        (
            body(|a| a.count_distinct_as("userId", "users").avg("amount").avg("tax")),
            r#"{"select":{"countDistinct":{"userId":"users"},"avg":["amount","tax"]}}"#,
        ),
        (
            body(|a| a.max("z").min("a").filter(Filter::new([gt("id", 5)]).unwrap())),
            r#"{"select":{"max":["z"],"min":["a"]},"filter":[["id",">",5]]}"#,
        ),
        // One alias makes an object of all.
        (body(|a| a.sum("z").sum_as("a", "total")), r#"{"select":{"sum":{"z":"z","a":"total"}}}"#),
        (body(|a| a.sum("a").filter(None::<Filter>)), r#"{"select":{"sum":["a"]}}"#),
        (body(|a| a.select(json!({ "sum": ["a"] })).filter(json!([]))), r#"{"select":{"sum":["a"]},"filter":[]}"#),
    ] {
        assert_eq!(sent, want);
    }
}

#[test]
fn it_is_a_read_of_v3_with_options_of_its_own() {
    let (b24, seen) = client(200, SUMS);
    let aggregate = b24.v3().aggregate(METHOD).sum("amount").request_id("job-17").timeout(Duration::from_secs(5));
    assert_eq!(send(aggregate).unwrap().request_id.as_deref(), Some("job-17"));
    let seen = seen.lock().unwrap();
    assert_eq!((seen[0].version(), seen[0].method().as_str()), (ApiVersion::V3, METHOD));
    assert_eq!(seen[0].safety(), Safety::Idempotent);
    assert_eq!(seen[0].options().timeout(), Some(Duration::from_secs(5)));
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
struct Totals {
    sum: Amount,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
struct Amount {
    amount: f64,
}

#[test]
fn buckets_are_read_from_either_depth() {
    for (answer, want) in [
        (SUMS, 10.5),
        (r#"{"result":{"sum":{"amount":10.5}}}"#, 10.5),
        (r#"{"result":{"result":[]}}"#, 0.0),
        (r#"{"result":null}"#, 0.0),
        (r#"{"result":[]}"#, 0.0),
    ] {
        let (b24, _) = client(200, answer);
        let totals: Totals = b24.v3().aggregate(METHOD).sum("amount").send().now_or_never().unwrap().unwrap().result;
        assert_eq!(totals, Totals { sum: Amount { amount: want } }, "{answer}");
    }
}

#[test]
fn buckets_of_another_shape_are_an_error_without_their_values() {
    let (b24, _) = client(200, r#"{"result":{"result":{"sum":{"amount":"s3cr3t"}}}}"#);
    let error = b24.v3().aggregate(METHOD).sum("amount").send::<Totals>().now_or_never().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, "INVALID_RESPONSE"));
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("expected f64"), "{source}");
}

#[test]
fn what_makes_no_sense_is_not_sent() {
    let (b24, seen) = client(200, SUMS);
    let new = || b24.v3().aggregate(METHOD);
    for (aggregate, code) in [
        (new(), "INVALID_AGGREGATE"),
        (new().sum(""), "INVALID_AGGREGATE"),
        (new().sum_as("a", " "), "INVALID_AGGREGATE"),
        (new().sum("a").sum("a"), "INVALID_AGGREGATE"),
        (new().sum("a").sum_as("a", "x"), "INVALID_AGGREGATE"),
        (new().sum_as("a", "x").sum_as("b", "x"), "INVALID_AGGREGATE"),
        (new().select(json!({ "median": ["a"] })), "INVALID_AGGREGATE"),
        (new().select(json!({ "sum": ["a"] })).count("id"), "INVALID_AGGREGATE"),
        (new().sum("a").filter(json!({ ">id": 5 })), "INVALID_FILTER"),
        (new().sum("a").filter(json!([["id", "in", []]])), "INVALID_FILTER"),
        (b24.v3().aggregate("a/b").sum("a"), "INVALID_METHOD"),
    ] {
        let error = send(aggregate).unwrap_err();
        assert_eq!((error.kind(), error.code(), error.may_have_run()), (ErrorKind::Usage, code, false));
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn an_error_of_the_portal_keeps_its_code() {
    let body = r#"{"error":{"code":"BITRIX_REST_V3_EXCEPTION_UNKNOWNDTOPROPERTYEXCEPTION","message":"No such field"}}"#;
    let (b24, _) = client(400, body);
    let error = send(b24.v3().aggregate(METHOD).sum("amount")).unwrap_err();
    assert!(error.is_soft() && error.message() == "No such field", "{error}");
    let outcome = b24.v3().aggregate(METHOD).sum("amount").outcome::<Value>().now_or_never().unwrap();
    assert_eq!(outcome.unwrap().unwrap_err().message(), "No such field");
}
