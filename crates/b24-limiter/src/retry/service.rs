//! The service: sends a call, and perhaps sends it again.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use b24_core::{ApiVersion, Error, RestRequest, RestResponse};
use tower_service::Service;

use super::{ResponseFuture, shared::Shared};

/// Sends each call, and sends it again where the [rules](super) allow it. The error that comes out is the real one, with
/// the number of sends in it.
///
/// v3 writes get an `Idempotency-Key` unless they carry one: with it the portal runs them once, however often they are
/// sent.
///
/// It is always ready and reserves nothing: the inner service is cloned, and the clone is made ready before each send.
#[derive(Clone, Debug)]
pub struct Retry<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Retry<S> {
    pub(super) fn new(inner: S, shared: Arc<Shared>) -> Self {
        Self { inner, shared }
    }

    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Hands the wrapped service over.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S> Service<RestRequest> for Retry<S>
where
    S: Service<RestRequest, Response = RestResponse, Error = Error> + Clone,
{
    type Response = RestResponse;
    type Error = Error;
    type Future = ResponseFuture<S>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // A call that waits between two sends must not hold a slot that another call could use.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RestRequest) -> ResponseFuture<S> {
        self.shared.budget.pay_in();
        ResponseFuture::new(self.inner.clone(), keyed(request), Arc::clone(&self.shared))
    }
}

/// Gives a v3 write a key, so that it can be sent again.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
fn keyed(request: RestRequest) -> RestRequest {
    let wants = request.version() == ApiVersion::V3 && request.method().is_write();
    if !wants || request.options().idempotency_key().is_some() {
        return request;
    }
    let mut buffer = uuid::Uuid::encode_buffer();
    let key = uuid::Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
    let options = request.options().clone().with_idempotency_key(key);
    request.with_options(options)
}
