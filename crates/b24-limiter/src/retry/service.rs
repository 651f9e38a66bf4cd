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
/// sent. In a browser keys cannot be sent, so there a v3 write is as a v2 one: sent again only if it cannot have run.
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
        ResponseFuture::new(self.inner.clone(), keyed(request, Keys::HERE), Arc::clone(&self.shared))
    }
}

/// Whether a key reaches the portal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keys {
    Sent,
    /// A browser asks the portal for the header, and portals permit `origin, content-type, accept` only.
    NotSent,
}

impl Keys {
    const HERE: Self =
        if cfg!(all(target_arch = "wasm32", target_os = "unknown")) { Self::NotSent } else { Self::Sent };
}

/// Gives a v3 write a key, so that it can be sent again.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>
fn keyed(request: RestRequest, keys: Keys) -> RestRequest {
    let wants = keys == Keys::Sent && request.version() == ApiVersion::V3 && request.method().is_write();
    if !wants || request.options().idempotency_key().is_some() {
        return request;
    }
    let mut buffer = uuid::Uuid::encode_buffer();
    let key = uuid::Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
    let options = request.options().clone().with_idempotency_key(key);
    request.with_options(options)
}

#[cfg(test)]
mod tests {
    use b24_core::{Method, Params, Safety};

    use super::*;

    #[test]
    fn where_keys_cannot_be_sent_a_v3_write_gets_none_and_is_not_safe_to_repeat() {
        let write = || RestRequest::new(ApiVersion::V3, Method::new("tasks.task.add").unwrap(), Params::empty());
        let sent = keyed(write(), Keys::Sent);
        assert!(sent.idempotency_key().is_some() && sent.safety() == Safety::Idempotent);
        let not_sent = keyed(write(), Keys::NotSent);
        assert!(not_sent.idempotency_key().is_none() && not_sent.safety() == Safety::NotIdempotent);
    }
}
