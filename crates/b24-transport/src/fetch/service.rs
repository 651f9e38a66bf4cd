//! The client as a tower service.

use std::task::{Context, Poll};

use http::{Request, Response};
use tower_service::Service;

use super::{ResponseBody, ResponseFuture};
use crate::{Body, HttpError};

/// The default HTTP client: in a browser its `fetch`. It is always ready, and costs nothing to clone.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct HttpClient;

impl HttpClient {
    /// A client. There is nothing to set: connections, certificates and proxies are the browser's.
    #[must_use]
    pub fn new() -> Self {
        Self
    }
}

impl Service<Request<Body>> for HttpClient {
    type Response = Response<ResponseBody>;
    type Error = HttpError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        ResponseFuture::new(request)
    }
}
