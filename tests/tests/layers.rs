//! Layers and clients of a user's own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use b24::{
    ApiVersion, B24, Client, Grant, Method, Params, Secret,
    core::{Auth, AuthLayer, RestRequest},
    hook::Webhook,
    transport::{Body, HttpError, RestLayer},
};
use b24_portal::Portal;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tower::{Layer, Service, ServiceExt};

/// Panics unless that very instance was made ready before `call`; answers every request with one body.
struct Probe {
    ready: bool,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Probe {
    fn new() -> Self {
        Self { ready: false, seen: Arc::default() }
    }
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        Self { ready: false, seen: Arc::clone(&self.seen) }
    }
}

impl Service<Request<Body>> for Probe {
    type Response = Response<Full<bytes::Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been made ready");
        self.seen.lock().unwrap().push(request.uri().to_string());
        ready(Ok(Response::new(Full::from(r#"{"result":{"ID":"1"}}"#))))
    }
}

const HOOK: &str = "https://p.bitrix24.com/rest/1/s3cr3tHook/";

fn request() -> RestRequest {
    RestRequest::new(ApiVersion::V2, Method::new("profile").unwrap(), Params::empty())
}

#[tokio::test]
async fn every_layer_calls_only_what_it_made_ready() {
    let hook = Webhook::from_url(HOOK).unwrap();
    let grant = Grant::webhook(hook.portal().clone(), 1, Secret::from("s3cr3tHook"));

    let mut rest = RestLayer::new().layer(Probe::new());
    let mut auth = AuthLayer::new(hook.clone()).layer(RestLayer::new().layer(Probe::new()));
    let client = Client::new(hook.portal().clone(), Auth::new(RestLayer::new().layer(Probe::new()), hook));
    for _ in 0..3 {
        rest.ready().await.unwrap().call(request().with_grant(grant.clone())).await.unwrap();
        auth.ready().await.unwrap().call(request()).await.unwrap();
        client.v2().call("profile").send::<Value>().await.unwrap();
    }
}

#[tokio::test]
async fn a_users_layer_sees_no_secret_and_the_client_below_it_does() {
    let above = Arc::<Mutex<Vec<String>>>::default();
    let log = Arc::clone(&above);
    let layer = tower::layer::layer_fn(move |inner| {
        let log = Arc::clone(&log);
        tower::util::MapRequest::new(inner, move |request: Request<Body>| {
            log.lock().unwrap().push(format!("{request:?}"));
            request
        })
    });
    let probe = Probe::new();
    let b24 = B24::builder().http_client(probe.clone()).http_layer(layer).webhook_url(HOOK).unwrap();
    b24.v2().call("profile").request_id("id-1").send::<Value>().await.unwrap();

    let above = above.lock().unwrap();
    assert!(above[0].contains("/rest/1/***/profile?bx24_request_id=id-1") && !above[0].contains("s3cr3tHook"));
    assert!(probe.seen.lock().unwrap()[0].starts_with("https://p.bitrix24.com/rest/1/s3cr3tHook/profile?"));
}

#[tokio::test]
async fn the_codec_works_under_tower_http_trace() {
    let portal = Portal::builder().start().await.unwrap();
    let layer = tower_http::trace::TraceLayer::new_for_http();
    let b24 = B24::builder().http_layer(layer).webhook_url(&portal.hook_url()).unwrap();
    assert!(b24.v2().call("profile").send::<Value>().await.is_ok());
}

#[tokio::test]
async fn a_client_of_ones_own_says_what_was_not_sent() {
    async fn outcome(fail: fn() -> HttpError) -> b24::Error {
        let client = tower::service_fn(move |_: Request<Body>| ready(Err::<Response<Full<bytes::Bytes>>, _>(fail())));
        let b24 = B24::builder().http_client(client).webhook_url(HOOK).unwrap();
        b24.v2().call("crm.deal.add").params(json!({})).send::<Value>().await.unwrap_err()
    }
    let refused = outcome(|| HttpError::not_sent("refused")).await;
    assert_eq!((refused.code(), refused.may_have_run()), ("NETWORK_ERROR", false));
    let reset = outcome(|| HttpError::sent("reset")).await;
    assert_eq!((reset.code(), reset.may_have_run()), ("NETWORK_ERROR", true));
}

#[tokio::test]
async fn a_client_that_prints_the_url_into_its_errors_gives_no_secret_away() {
    let client = tower::service_fn(|request: Request<Body>| {
        let text = format!("error sending request for url ({})", request.uri());
        ready(Err::<Response<Full<bytes::Bytes>>, _>(std::io::Error::other(text)))
    });
    let b24 = B24::builder().http_client(client).webhook_url(HOOK).unwrap();
    let error = b24.v2().call("profile").send::<Value>().await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    let shown = format!("{error} {error:?} {source} {source:?}");
    assert!(shown.contains("error sending request for url") && !shown.contains("s3cr3tHook"), "{shown}");
}
