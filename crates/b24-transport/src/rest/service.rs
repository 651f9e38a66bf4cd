//! The service: one call becomes one HTTP request.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use b24_core::{BoxError, Error, RestRequest, RestResponse};
use http::{Request, Response};
use tower_service::Service;

use super::{ResponseFuture, wire};
use crate::{Body, error::not_taken, place::Place, sends::Sends};

/// Sends each call as one HTTP request and reads the answer, on every status.
///
/// Ready when the HTTP service is; what that reserves is used by the next call or given back with the service.
#[derive(Clone, Debug)]
pub struct Rest<S> {
    inner: S,
    settings: Settings,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) timeout: Duration,
    pub(super) max_response_size: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(75), max_response_size: 64 << 20 }
    }
}

impl<S> Rest<S> {
    pub(super) fn new(inner: S, settings: Settings) -> Self {
        Self { inner, settings }
    }

    /// The HTTP service below.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The HTTP service below, mutable.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Hands the HTTP service over.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, B> Service<RestRequest> for Rest<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Error: Into<BoxError>,
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Response = RestResponse;
    type Error = Error;
    type Future = ResponseFuture<S::Future, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(|error| not_taken(&*error.into()))
    }

    fn call(&mut self, request: RestRequest) -> Self::Future {
        let options = request.options();
        let timeout = options.timeout().unwrap_or(self.settings.timeout);
        let timeout = options.deadline().map_or(timeout, |left| left.min(timeout));
        let sends = Sends::default();
        match wire::encode(&request, &sends, Place::HERE) {
            // Nothing is sent in no time.
            Ok(_) if timeout.is_zero() => ResponseFuture::refused(request, wire::no_time_left()),
            Ok(http) => {
                let answer = self.inner.call(http);
                ResponseFuture::new(request, answer, sends, timeout, self.settings.max_response_size)
            }
            Err(error) => ResponseFuture::refused(request, error),
        }
    }
}
