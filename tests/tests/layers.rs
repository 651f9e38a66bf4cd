//! Layers and clients of a user's own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use b24::{
    ApiVersion, B24, Client, Grant, Method, Params, RetryPolicy, Secret,
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
    let b24 = B24::builder()
        .retry(RetryPolicy::realtime())
        .http_client(probe.clone())
        .http_layer(layer)
        .webhook_url(HOOK)
        .unwrap();
    b24.v2().call("profile").request_id("id-1").send::<Value>().await.unwrap();

    let above = above.lock().unwrap();
    assert!(above[0].contains("/rest/1/***/profile?bx24_request_id=id-1") && !above[0].contains("s3cr3tHook"));
    assert!(probe.seen.lock().unwrap()[0].starts_with("https://p.bitrix24.com/rest/1/s3cr3tHook/profile?"));
}

#[tokio::test]
async fn the_codec_works_under_tower_http_trace() {
    let portal = Portal::builder().start().await.unwrap();
    let layer = tower_http::trace::TraceLayer::new_for_http();
    let b24 = B24::builder().retry(RetryPolicy::realtime()).http_layer(layer).webhook_url(&portal.hook_url()).unwrap();
    assert!(b24.v2().call("profile").send::<Value>().await.is_ok());
}

#[tokio::test]
async fn a_client_of_ones_own_says_what_was_not_sent() {
    async fn outcome(fail: fn() -> HttpError) -> b24::Error {
        let client = tower::service_fn(move |_: Request<Body>| ready(Err::<Response<Full<bytes::Bytes>>, _>(fail())));
        let b24 = B24::builder().retry(RetryPolicy::realtime()).http_client(client).webhook_url(HOOK).unwrap();
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
    let b24 = B24::builder().retry(RetryPolicy::realtime()).http_client(client).webhook_url(HOOK).unwrap();
    let error = b24.v2().call("profile").send::<Value>().await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    let shown = format!("{error} {error:?} {source} {source:?}");
    assert!(shown.contains("error sending request for url") && !shown.contains("s3cr3tHook"), "{shown}");
}

#[tokio::test]
async fn a_layer_that_sends_again_cannot_hide_a_send_that_may_have_run() {
    let sends = Arc::<Mutex<u32>>::default();
    let counter = Arc::clone(&sends);
    let client = tower::service_fn(move |_: Request<Body>| {
        let mut count = counter.lock().unwrap();
        *count += 1;
        let error = if *count == 1 { HttpError::sent("reset") } else { HttpError::not_sent("refused") };
        ready(Err::<Response<Full<bytes::Bytes>>, _>(error))
    });
    let b24 = B24::builder()
        .retry(RetryPolicy::realtime())
        .http_client(client)
        .http_layer(tower::layer::layer_fn(SendTwice))
        .webhook_url(HOOK)
        .unwrap();
    let error = b24.v2().call("crm.deal.add").send::<Value>().await.unwrap_err();
    assert_eq!((*sends.lock().unwrap(), error.attempts(), error.may_have_run()), (2, 2, true));
}

/// Sends every request twice, one after the other, and gives the second outcome: a careless retry.
#[derive(Clone)]
struct SendTwice<S>(S);

impl<S> Service<Request<Body>> for SendTwice<S>
where
    S: Service<Request<Body>> + Clone + Send + 'static,
    S::Future: Send,
    S::Response: Send,
    S::Error: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (first, second) = (self.0.clone(), self.0.clone());
        let again = request.clone();
        Box::pin(async move {
            let _ = first.oneshot(request).await;
            second.oneshot(again).await
        })
    }
}

#[tokio::test]
async fn a_layer_sees_no_secret_in_the_errors_that_come_up_through_it() {
    let seen = Arc::<Mutex<String>>::default();
    let log = Arc::clone(&seen);
    let layer = tower::layer::layer_fn(move |inner| {
        let log = Arc::clone(&log);
        tower::util::MapErr::new(inner, move |error: HttpError| {
            let source = std::error::Error::source(&error).map(|source| format!("{source} {source:?}"));
            *log.lock().unwrap() = format!("{error} {error:?} {source:?}");
            error
        })
    });
    let client = tower::service_fn(|request: Request<Body>| {
        let text = format!("error sending request for url ({})", request.uri());
        ready(Err::<Response<Full<bytes::Bytes>>, _>(std::io::Error::other(text)))
    });
    let b24 =
        B24::builder().retry(RetryPolicy::realtime()).http_client(client).http_layer(layer).webhook_url(HOOK).unwrap();
    let error = b24.v2().call("profile").send::<Value>().await.unwrap_err();
    assert!(error.may_have_run());
    let seen = seen.lock().unwrap();
    assert!(seen.contains("error sending request for url") && !seen.contains("s3cr3tHook"), "{seen}");
}

#[tokio::test]
async fn a_client_that_takes_no_calls_has_sent_nothing() {
    #[derive(Clone)]
    struct Closed;

    impl Service<Request<Body>> for Closed {
        type Response = Response<Full<bytes::Bytes>>;
        type Error = std::io::Error;
        type Future = Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Err(std::io::Error::other(format!("closed after {HOOK}profile"))))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            unreachable!("never ready")
        }
    }

    let b24 = B24::builder().retry(RetryPolicy::realtime()).http_client(Closed).webhook_url(HOOK).unwrap();
    let error = b24.v2().call("crm.deal.add").send::<Value>().await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run(), error.attempts()), ("NETWORK_ERROR", false, 0));
    assert!(!format!("{error:?}").contains("s3cr3tHook"), "{error:?}");
}
