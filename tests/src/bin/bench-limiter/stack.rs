//! The stacks whose passes are measured: layers around a service that answers at once.

use std::{
    error::Error as StdError,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use b24::{
    ApiVersion, Authenticator, Error, Limiter, Method, Params, Restrictions,
    core::{AuthLayer, RestRequest, RestResponse},
    hook::Webhook,
    limiter::{RestrictionLayer, RetryLayer, restriction::Bounded, settings::RateLimit},
};
use http::StatusCode;
use tower_layer::Layer;
use tower_service::Service;

/// A service of this SDK's requests, as each layer of the stack is one.
pub(crate) trait Rest: Service<RestRequest, Response = RestResponse, Error = Error> + Clone {}

impl<S: Service<RestRequest, Response = RestResponse, Error = Error> + Clone> Rest for S {}

/// The end of the stack: no I/O, an answer at once. It is a pointer wide, and so is its future.
#[derive(Clone)]
pub(crate) struct Answers(Arc<RestResponse>);

impl Answers {
    /// What a portal answers to a short call, operating time included: the limiter learns from each.
    pub(crate) fn new() -> Result<Self, Error> {
        let body = r#"{"result":{"item":{"id":1,"title":"Deal 1"}},"time":{"start":1800000000.25,"finish":1800000000.5,
            "duration":0.25,"processing":0.2,"operating_reset_at":1800000600,"operating":1.5}}"#;
        RestResponse::read(StatusCode::OK, body.into()).map(|answer| Self(Arc::new(answer)))
    }
}

impl Service<RestRequest> for Answers {
    type Response = RestResponse;
    type Error = Error;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: RestRequest) -> Answer {
        Answer(Arc::clone(&self.0))
    }
}

/// One answer.
pub(crate) struct Answer(Arc<RestResponse>);

impl Future for Answer {
    type Output = Result<RestResponse, Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(RestResponse::clone(&self.0)))
    }
}

/// The request that is sent again and again; its clones share everything.
pub(crate) fn request() -> Result<RestRequest, Box<dyn StdError>> {
    let params = Params::object(&serde_json::json!({ "entityTypeId": 2, "id": 1 }))?;
    Ok(RestRequest::new(ApiVersion::V2, Method::new("crm.item.get")?, params))
}

/// The same with credentials, for a stack without `Auth`.
pub(crate) fn granted_request() -> Result<RestRequest, Box<dyn StdError>> {
    Ok(request()?.with_grant(webhook()?.authorize().into_inner()?))
}

/// A limiter that never lets wait: the largest rate there is.
pub(crate) fn unthrottled() -> Result<Limiter, Box<dyn StdError>> {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(1e6, 1e6));
    Ok(Limiter::new(restrictions)?)
}

/// The credentials; nothing is ever sent with them.
pub(crate) fn webhook() -> Result<Webhook, Error> {
    Ok(Webhook::from_url("https://example.bitrix24.com/rest/1/k32t88gf3azpmwv3/")?)
}

/// The layer as the facade's stack has it.
pub(crate) fn restriction(limiter: Limiter) -> RestrictionLayer<b24::limiter::classify::RestClassifier, Bounded> {
    RestrictionLayer::with_limiter(limiter).rejecting()
}

/// `Auth` alone.
pub(crate) fn with_auth(inner: impl Rest, webhook: Webhook) -> impl Rest {
    AuthLayer::new(webhook).layer(inner)
}

/// `Auth` and `Restriction`.
pub(crate) fn with_restriction(inner: impl Rest, webhook: Webhook, limiter: Limiter) -> impl Rest {
    with_auth(restriction(limiter).layer(inner), webhook)
}

/// `Retry`, `Auth` and `Restriction`: all that the facade's stack has between its span and its codec.
pub(crate) fn with_retry(inner: impl Rest, webhook: Webhook, limiter: Limiter) -> impl Rest {
    RetryLayer::default().layer(with_restriction(inner, webhook, limiter))
}

/// One pass, as a service is to be used: made ready, then called.
pub(crate) async fn pass<S: Rest>(service: &mut S, request: RestRequest) -> Result<RestResponse, Error> {
    std::future::poll_fn(|cx| service.poll_ready(cx)).await?;
    service.call(request).await
}
