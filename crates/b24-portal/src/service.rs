//! The portal as a `tower` service: the whole of it, without sockets.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use tower_service::Service;

use crate::engine::{Delivery, Outcome, Site};
use crate::portal::Shared;

/// A request extension that says which address the request comes from; `127.0.0.1` without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs, reason = "an address and nothing else, by its name")]
pub struct SourceIp(pub IpAddr);

/// A portal, or its authorisation server, as a service.
///
/// Made by [`Portal::service`](crate::Portal::service) and [`Portal::auth_service`](crate::Portal::auth_service).
///
/// It is always ready. Faults that would break a connection are I/O errors: a closed or reset connection is
/// `ConnectionReset`, a truncated body `UnexpectedEof`. The latency is waited for on the portal's clock.
#[derive(Clone)]
pub struct PortalService {
    shared: Arc<Shared>,
    site: Site,
}

impl PortalService {
    pub(crate) fn new(shared: Arc<Shared>, site: Site) -> Self {
        Self { shared, site }
    }
}

impl<B> Service<Request<B>> for PortalService
where
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = io::Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let (shared, site) = (Arc::clone(&self.shared), self.site);
        ResponseFuture(Box::pin(async move {
            let source =
                request.extensions().get::<SourceIp>().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |source| source.0);
            let (head, body) = request.into_parts();
            if shared.engine().cuts_unread_at(site, source, &head) {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            let outcome = shared.handle(site, source, head, body).await.map_err(io::Error::other)?;
            Ok(deliver(&shared, outcome).await?.map(Full::new))
        }))
    }
}

async fn deliver(shared: &Shared, outcome: Outcome) -> io::Result<Response<Bytes>> {
    shared.clock.pass(outcome.latency).await;
    match outcome.delivery {
        Delivery::Whole => Ok(outcome.response),
        Delivery::Close | Delivery::Reset => Err(io::ErrorKind::ConnectionReset.into()),
        Delivery::Truncated { .. } => Err(io::ErrorKind::UnexpectedEof.into()),
        Delivery::Slow { piece, pause } => {
            let pieces = outcome.response.body().len().div_ceil(piece);
            shared.clock.pass(pause.saturating_mul(u32::try_from(pieces).unwrap_or(u32::MAX))).await;
            Ok(outcome.response)
        }
    }
}

/// The answer to come.
pub struct ResponseFuture(Pin<Box<dyn Future<Output = Answer> + Send>>);

type Answer = io::Result<Response<Full<Bytes>>>;

impl Future for ResponseFuture {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl fmt::Debug for PortalService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PortalService").field("site", &self.site).finish_non_exhaustive()
    }
}

impl fmt::Debug for ResponseFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
