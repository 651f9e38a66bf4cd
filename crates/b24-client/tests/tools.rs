//! Health check, ping, server time.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use b24_client::Client;
use b24_core::{ErrorKind, RestRequest, RestResponse};
use futures_util::FutureExt;
use http::StatusCode;

const NOW: &str = r#"{"result":"2026-08-20T12:52:22+03:00"}"#;

fn client(status: u16, body: &'static str, round_trip: Option<Duration>) -> Client {
    let stack = tower::service_fn(move |request: RestRequest| {
        assert_eq!(request.method().as_str(), "server.time");
        let response = RestResponse::read(StatusCode::from_u16(status).unwrap(), body.into());
        std::future::ready(response.map(|response| match round_trip {
            Some(round_trip) => response.with_round_trip(round_trip),
            None => response,
        }))
    });
    Client::new("https://p.bitrix24.com".parse().unwrap(), stack)
}

#[test]
fn any_failure_means_not_healthy() {
    for (status, body, want) in [
        (200, NOW, true),
        (200, r#"{"error":"ERROR_ENTITY_NOT_FOUND"}"#, false),
        (400, r#"{"error":"ERROR_ENTITY_NOT_FOUND"}"#, false),
        (401, r#"{"error":"NO_AUTH_FOUND"}"#, false),
        (502, "<html>", false),
        (200, "", false),
    ] {
        assert_eq!(client(status, body, None).health_check().now_or_never(), Some(want), "{body}");
    }
}

#[test]
fn ping_is_the_time_of_the_exchange() {
    let took = Duration::from_millis(37);
    assert_eq!(client(200, NOW, Some(took)).ping().now_or_never().unwrap().unwrap(), took);
}

#[test]
fn soft_errors_are_failures_of_a_ping() {
    // The official SDK counts them as successes.
    let b24 = client(400, r#"{"error":"ERROR_ENTITY_NOT_FOUND"}"#, Some(Duration::from_millis(37)));
    assert!(b24.ping().now_or_never().unwrap().unwrap_err().is_soft());
}

#[test]
fn a_stack_that_measures_nothing_says_so() {
    let error = client(200, NOW, None).ping().now_or_never().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Usage, "INVALID_CONFIG"));
}

#[test]
fn the_time_of_the_server_keeps_its_offset() {
    let at = client(200, NOW, None).server_time().now_or_never().unwrap().unwrap();
    assert_eq!((at.unix_seconds(), at.offset_minutes()), (1_787_219_542, 180));
    for bad in [r#"{"result":"yesterday"}"#, r#"{"result":5}"#] {
        let error = client(200, bad, None).server_time().now_or_never().unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{bad}");
    }
}
