//! The limiter's layer in stacks of others: hyper-util's client, reqwest's, under `tower_http`'s trace, erased.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use b24_limiter::{Limiter, RestrictionLayer, Restrictions, classify::HttpClassifier, settings::RateLimit};
use b24_portal::{Limits, Portal};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tokio::time::Instant;
use tower::{BoxError, Service, ServiceBuilder, ServiceExt, util::BoxCloneSyncService};

/// A portal that lets three requests through at once, and three a second.
async fn portal() -> Portal {
    Portal::builder().limits(Limits::default().with_rate(3, 3)).rows(1).start().await.unwrap()
}

fn layer() -> (Limiter, RestrictionLayer<HttpClassifier>) {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(3.0, 3.0));
    let limiter = Limiter::new(restrictions).unwrap();
    (limiter.clone(), RestrictionLayer::with_limiter(limiter).with_classifier(HttpClassifier::new()))
}

fn request<B>(portal: &Portal, body: B) -> Request<B> {
    Request::post(format!("{}server.time", portal.hook_url())).body(body).unwrap()
}

/// Eight requests at once: none is refused, and they take the time that the portal asks for.
async fn eight<S, B, R>(portal: &Portal, limiter: &Limiter, service: S, body: fn() -> B)
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    S::Error: std::fmt::Debug,
{
    let begin = Instant::now();
    let calls = (0..8).map(|_| service.clone().oneshot(request(portal, body())));
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status() == 200));
    assert!(begin.elapsed() >= Duration::from_secs(2));
    assert_eq!(
        portal.requests().iter().filter(|request| request.status.is_some_and(|status| status != 200)).count(),
        0
    );
    let stats = limiter.stats();
    assert_eq!((stats.succeeded, stats.rate_refusals, stats.waits.count), (8, 0, 5));
    assert_eq!(stats.methods[0].method.as_str(), "server.time");
}

fn hyper() -> Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

#[tokio::test]
async fn around_the_client_of_hyper_util() {
    let (portal, (limiter, layer)) = (portal().await, layer());
    let service = ServiceBuilder::new().layer(layer).service(hyper());
    eight(&portal, &limiter, service, Full::default).await;
}

#[tokio::test]
async fn around_the_client_of_reqwest() {
    let (portal, (limiter, layer)) = (portal().await, layer());
    let service = ServiceBuilder::new()
        .layer(layer)
        // Its requests and responses are types of its own.
        .map_request(|request: Request<reqwest::Body>| reqwest::Request::try_from(request).unwrap())
        .map_response(Response::<reqwest::Body>::from)
        .service(reqwest::Client::new());
    eight(&portal, &limiter, service, || reqwest::Body::from("")).await;
}

#[tokio::test]
async fn under_the_trace_of_tower_http() {
    let (portal, (limiter, layer)) = (portal().await, layer());
    let trace = tower_http::trace::TraceLayer::new_for_http();
    let service = ServiceBuilder::new().layer(trace).layer(layer).service(hyper());
    eight(&portal, &limiter, service, Full::default).await;
}

#[tokio::test]
async fn inside_of_a_box() {
    let (portal, (limiter, layer)) = (portal().await, layer());
    let service = ServiceBuilder::new()
        .layer(layer.with_max_wait(Duration::from_secs(60)))
        .map_err(BoxError::from)
        .service(hyper());
    eight(&portal, &limiter, BoxCloneSyncService::new(service), Full::default).await;
}
