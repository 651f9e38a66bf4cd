//! The codec over services that are no sockets, on a paused clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    convert::Infallible,
    future::{Ready, pending, ready},
    time::Duration,
};

use b24_core::{ApiVersion, CallOptions, Error, ErrorKind, Grant, Method, Params, RestRequest, RestResponse, Secret};
use b24_transport::{Body, HttpError, RestLayer};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

fn request(options: CallOptions) -> RestRequest {
    let grant = Grant::webhook("https://p.bitrix24.com".parse().unwrap(), 1, Secret::from("s3cr3t"));
    RestRequest::new(ApiVersion::V2, Method::new("crm.deal.add").unwrap(), Params::empty())
        .with_options(options)
        .with_grant(grant)
}

/// How long a call that is never answered takes, and what comes out.
async fn unanswered(layer: RestLayer, options: CallOptions) -> (Duration, Error) {
    let never = service_fn(|_: Request<Body>| pending::<Result<Response<Full<Bytes>>, Infallible>>());
    let begin = Instant::now();
    let error = layer.layer(never).oneshot(request(options)).await.unwrap_err();
    (begin.elapsed(), error)
}

#[tokio::test(start_paused = true)]
async fn one_send_may_take_75_seconds_because_the_cloud_cuts_it_at_60() {
    let (took, error) = unanswered(RestLayer::new(), CallOptions::default()).await;
    assert_eq!(took.as_secs(), 75);
    assert_eq!((error.code(), error.may_have_run(), error.attempts()), ("REQUEST_TIMEOUT", true, 1));
}

#[tokio::test(start_paused = true)]
async fn a_call_may_say_otherwise_and_its_deadline_counts_too() {
    let seconds = Duration::from_secs;
    let layer = || RestLayer::new().with_timeout(seconds(30));
    for (options, want) in [
        (CallOptions::default(), 30),
        (CallOptions::default().with_timeout(seconds(100)), 100),
        (CallOptions::default().with_deadline(seconds(10)), 10),
        (CallOptions::default().with_timeout(seconds(5)).with_deadline(seconds(10)), 5),
    ] {
        assert_eq!(unanswered(layer(), options).await.0.as_secs(), want);
    }
}

fn answer(status: u16, body: &'static str) -> Ready<Result<Response<Full<Bytes>>, HttpError>> {
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    ready(Ok(response))
}

#[tokio::test]
async fn a_gateways_word_is_scrubbed_of_the_secret() {
    let body = r#"{"error":"BAD_s3cr3t","error_description":"upstream said s3cr3t"}"#;
    let rest = RestLayer::new().layer(service_fn(move |_: Request<Body>| answer(500, body)));
    let error = rest.oneshot(request(CallOptions::default())).await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.message()), (ErrorKind::Rest, "BAD_***", "upstream said ***"));
}

#[tokio::test]
async fn a_call_without_credentials_is_not_sent() {
    let bare = RestRequest::new(ApiVersion::V2, Method::new("profile").unwrap(), Params::empty());
    let rest = RestLayer::new().layer(service_fn(|_: Request<Body>| answer(200, r#"{"result":1}"#)));
    let error = rest.oneshot(bare).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.may_have_run()), (ErrorKind::Auth, 0, false));
}

#[tokio::test]
async fn the_answer_comes_out_as_it_was() {
    let rest = RestLayer::new().layer(service_fn(|_: Request<Body>| answer(200, r#"{"result":{"a":0.10}}"#)));
    let response: RestResponse = rest.oneshot(request(CallOptions::default())).await.unwrap();
    assert_eq!(response.result(), r#"{"a":0.10}"#);
}

#[tokio::test(start_paused = true)]
async fn an_answer_knows_how_long_its_send_took() {
    let slow = service_fn(|_: Request<Body>| async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        answer(200, r#"{"result":1}"#).await
    });
    let call = RestLayer::new().layer(slow).oneshot(request(CallOptions::default()));
    // Time before the first poll is nobody's.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let response: RestResponse = call.await.unwrap();
    assert_eq!(response.round_trip(), Some(Duration::from_secs(2)));
    assert_eq!(response.decode::<u8>().unwrap().round_trip, Some(Duration::from_secs(2)));
}

// A consumer of a stream is busy with one page while the next one arrives: its time ran out unseen, its answer is there.
#[tokio::test(start_paused = true)]
async fn an_answer_that_has_come_is_taken_though_nobody_looked_in_time() {
    for (comes_after, want) in [(1, None), (60, Some("REQUEST_TIMEOUT"))] {
        let slow = service_fn(move |_: Request<Body>| async move {
            tokio::time::sleep(Duration::from_secs(comes_after)).await;
            // As a connection does: it is woken first, and hands the answer over then.
            tokio::task::yield_now().await;
            answer(200, r#"{"result":1}"#).await
        });
        let layer = RestLayer::new().with_timeout(Duration::from_secs(2));
        let mut call = Box::pin(layer.layer(slow).oneshot(request(CallOptions::default())));
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(call.as_mut().poll(cx).is_ready())).await;
        assert!(!polled);
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!(call.await.as_ref().err().map(Error::code), want);
    }
}
