//! The service: one span for each call.

use std::task::{Context, Poll};

use b24_core::{Error, PortalAddress, RestRequest, RestResponse, keys};
use tower_service::Service;
use tracing::{Span, field::Empty};

use super::ResponseFuture;

/// Opens a span for each call and records how it ended.
#[derive(Clone, Debug)]
pub struct Trace<S> {
    inner: S,
    portal: PortalAddress,
}

impl<S> Trace<S> {
    pub(super) fn new(inner: S, portal: PortalAddress) -> Self {
        Self { inner, portal }
    }

    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// Hands the wrapped service over.
    pub fn into_inner(self) -> S {
        self.inner
    }

    fn span(&self, request: &RestRequest) -> Span {
        tracing::info_span!(
            keys::SPAN_CALL,
            { keys::OTEL_KIND } = "client",
            { keys::OTEL_STATUS_CODE } = Empty,
            { keys::HTTP_REQUEST_METHOD } = "POST",
            { keys::HTTP_REQUEST_RESEND_COUNT } = Empty,
            { keys::HTTP_RESPONSE_STATUS_CODE } = Empty,
            { keys::SERVER_ADDRESS } = self.portal.host(),
            { keys::SERVER_PORT } = self.portal.port(),
            { keys::URL_TEMPLATE } = keys::URL_TEMPLATE_VALUE,
            { keys::ERROR_TYPE } = Empty,
            { keys::METHOD } = request.method().as_str(),
            { keys::API_VERSION } = request.version().as_str(),
            { keys::REQUEST_ID } = request.options().request_id(),
            { keys::LIMITER_WAIT_MS } = Empty,
        )
    }
}

impl<S> Service<RestRequest> for Trace<S>
where
    S: Service<RestRequest, Response = RestResponse, Error = Error>,
{
    type Response = RestResponse;
    type Error = Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: RestRequest) -> Self::Future {
        let span = self.span(&request);
        let inner = span.in_scope(|| self.inner.call(request));
        ResponseFuture::new(inner, span)
    }
}
