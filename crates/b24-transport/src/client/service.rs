//! The client as a tower service.

use std::{
    fmt,
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioTimer},
};
use tower_http::decompression::{Decompression, DecompressionLayer};
use tower_layer::Layer;
use tower_service::Service;

use super::{HttpClientBuilder, ResponseBody, ResponseFuture, connect::Connector};
use crate::{Body, HttpError};

/// The default HTTP client. Clones share one connection pool; it is always ready.
#[derive(Clone)]
pub struct HttpClient {
    inner: Pool,
}

pub(super) type Pool = Decompression<Client<Connector, Body>>;

impl HttpClient {
    /// A client with the defaults: the platform's root certificates, proxies from the environment, 10 s to connect.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A client with other settings.
    #[must_use]
    pub fn builder() -> HttpClientBuilder {
        HttpClientBuilder::new()
    }

    pub(super) fn with_connector(connector: Connector) -> Self {
        let client = Client::builder(TokioExecutor::new())
            // Idle connections are closed before the portal's servers do it, so that a call seldom meets a dead one.
            .pool_idle_timeout(Duration::from_secs(50))
            // Without a timer the idle timeout does nothing.
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            // One connection carries all calls of a portal: a dead one must be found before calls run out of time on it.
            .http2_keep_alive_interval(Duration::from_secs(20))
            .http2_keep_alive_timeout(Duration::from_secs(10))
            .build(connector);
        Self { inner: DecompressionLayer::new().layer(client) }
    }
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl Service<Request<Body>> for HttpClient {
    type Response = Response<ResponseBody>;
    type Error = HttpError;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        // hyper-util's client and the decompression around it are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ResponseFuture {
        ResponseFuture::new(self.inner.call(request))
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}
