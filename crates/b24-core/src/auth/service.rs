//! The service: attaches credentials to each call.

use std::task::{Context, Poll};

use tower_service::Service;

use super::{Authenticator, ResponseFuture};
use crate::{Error, RestRequest, RestResponse};

/// Attaches a grant to each call; when the portal refuses it as expired, renews it once and sends the call once more.
/// The second refusal is final and keeps its own code.
///
/// It is always ready and reserves nothing: the inner service is cloned, and the clone is made ready when the
/// credentials are there.
#[derive(Clone, Debug)]
pub struct Auth<S, A> {
    inner: S,
    authenticator: A,
}

impl<S, A: Authenticator> Auth<S, A> {
    /// Wraps `inner`.
    pub fn new(inner: S, authenticator: A) -> Self {
        Self { inner, authenticator }
    }

    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The wrapped service, mutable.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Hands the wrapped service over.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, A> Service<RestRequest> for Auth<S, A>
where
    S: Service<RestRequest, Response = RestResponse, Error = Error> + Clone,
    A: Authenticator,
{
    type Response = RestResponse;
    type Error = Error;
    type Future = ResponseFuture<S, A>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // Readiness of the inner service is asked for after the credentials are there: a call that waits for a renewal
        // must not hold a slot that another call could use.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RestRequest) -> ResponseFuture<S, A> {
        ResponseFuture::new(self.inner.clone(), self.authenticator.clone(), request)
    }
}
