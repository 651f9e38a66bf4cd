//! The thin edge: a listener, connections, and answers on the wire.

mod body;
#[cfg(feature = "tls")]
mod tls;
mod wire;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::engine::{Delivery, Site};
use crate::oauth::Origins;
use crate::portal::Shared;
use body::WireBody;
use wire::{Switch, Wire};

/// A listening server; it ends with the value.
#[derive(Debug)]
pub(crate) struct Server {
    task: JoinHandle<()>,
}

/// How accepted sockets become connections.
#[derive(Clone)]
enum Security {
    Plain,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

/// The two servers of a portal, and the certificate of the authority behind both.
pub(crate) struct Servers {
    pub(crate) both: [Server; 2],
    pub(crate) origins: Origins,
    pub(crate) ca_pem: Option<String>,
}

impl Servers {
    /// Opens the portal and its authorisation server on these ports of the loopback address.
    pub(crate) async fn start(shared: Arc<Shared>, port: u16, auth_port: u16, tls: bool) -> io::Result<Self> {
        let portal = bind(port).await?;
        let authority = bind(auth_port).await?;
        let (security, ca_pem) = secure(tls)?;
        let scheme = if tls { "https" } else { "http" };
        let origin = |listener: &TcpListener| -> io::Result<String> {
            Ok(format!("{scheme}://127.0.0.1:{}", listener.local_addr()?.port()))
        };
        let origins = Origins { portal: origin(&portal)?, authority: origin(&authority)? };
        // Before anyone is let in: tokens name both addresses.
        shared.engine().settle(origins.clone());
        let serve = |listener, site| Server {
            task: tokio::spawn(accept(listener, Arc::clone(&shared), site, security.clone())),
        };
        let both = [serve(portal, Site::Portal), serve(authority, Site::Authority)];
        Ok(Self { both, origins, ca_pem })
    }
}

async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await
}

impl Server {
    pub(crate) async fn stop(mut self) {
        self.task.abort();
        // Only to wait for the end: an aborted task always ends with an error.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(feature = "tls")]
fn secure(tls: bool) -> io::Result<(Security, Option<String>)> {
    if !tls {
        return Ok((Security::Plain, None));
    }
    let (acceptor, ca_pem) = tls::acceptor()?;
    Ok((Security::Tls(acceptor), Some(ca_pem)))
}

#[cfg(not(feature = "tls"))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature as with the feature")]
fn secure(_: bool) -> io::Result<(Security, Option<String>)> {
    Ok((Security::Plain, None))
}

/// Accepts until aborted; the connections are aborted with it.
async fn accept(listener: TcpListener, shared: Arc<Shared>, site: Site, security: Security) {
    let mut connections = JoinSet::new();
    loop {
        // A failed accept is the client's affair (gone already) or a lack of files, which passes.
        let Ok((tcp, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        connections.spawn(connection(tcp, (site, peer.ip()), Arc::clone(&shared), security.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(tcp: TcpStream, from: (Site, IpAddr), shared: Arc<Shared>, security: Security) {
    // Small answers must not wait for the acknowledgement of the one before.
    let _ = tcp.set_nodelay(true);
    let (wire, switch) = Wire::new(tcp);
    match security {
        Security::Plain => serve(wire, from, shared, switch).await,
        #[cfg(feature = "tls")]
        Security::Tls(acceptor) => {
            // A failed handshake is the client's to report.
            if let Ok(stream) = acceptor.accept(wire).await {
                serve(stream, from, shared, switch).await;
            }
        }
    }
}

async fn serve<S>(stream: S, from: (Site, IpAddr), shared: Arc<Shared>, switch: Switch)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(Arc::clone(&shared), from, switch.clone(), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    // A connection ends with an error when the client leaves or a fault cuts it: both are expected.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    shared: Arc<Shared>,
    (site, source): (Site, IpAddr),
    switch: Switch,
    request: Request<Incoming>,
) -> Result<Response<WireBody>, Infallible> {
    let (head, body) = request.into_parts();
    if shared.engine().cuts_unread_at(site, source, &head) {
        return Ok(switch.reset().await);
    }
    let Ok(outcome) = shared.handle(site, source, head, body).await else {
        // The client gave up half-way through its own body.
        return Ok(switch.close().await);
    };
    shared.clock.pass(outcome.latency).await;
    match outcome.delivery {
        Delivery::Close => Ok(switch.close().await),
        Delivery::Reset => Ok(switch.reset().await),
        delivery => {
            Ok(outcome.response.map(|bytes: Bytes| WireBody::new(bytes, delivery, shared.clock.clone(), switch)))
        }
    }
}
