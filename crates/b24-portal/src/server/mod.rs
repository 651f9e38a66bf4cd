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

use crate::engine::Delivery;
use crate::portal::Shared;
use body::WireBody;
use wire::{Switch, Wire};

/// A listening server; it ends with the value.
#[derive(Debug)]
pub(crate) struct Server {
    port: u16,
    task: JoinHandle<()>,
}

/// How accepted sockets become connections.
#[derive(Clone)]
enum Security {
    Plain,
    #[cfg(feature = "tls")]
    Tls(tokio_rustls::TlsAcceptor),
}

impl Server {
    /// Opens the listener; with TLS also gives the authority's certificate.
    pub(crate) async fn start(shared: Arc<Shared>, port: u16, tls: bool) -> io::Result<(Self, Option<String>)> {
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
        let port = listener.local_addr()?.port();
        let (security, ca_pem) = secure(tls)?;
        let task = tokio::spawn(accept(listener, shared, security));
        Ok((Self { port, task }, ca_pem))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

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
async fn accept(listener: TcpListener, shared: Arc<Shared>, security: Security) {
    let mut connections = JoinSet::new();
    loop {
        // A failed accept is the client's affair (gone already) or a lack of files, which passes.
        let Ok((tcp, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        connections.spawn(connection(tcp, peer.ip(), Arc::clone(&shared), security.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(tcp: TcpStream, source: IpAddr, shared: Arc<Shared>, security: Security) {
    // Small answers must not wait for the acknowledgement of the one before.
    let _ = tcp.set_nodelay(true);
    let (wire, switch) = Wire::new(tcp);
    match security {
        Security::Plain => serve(wire, source, shared, switch).await,
        #[cfg(feature = "tls")]
        Security::Tls(acceptor) => {
            // A failed handshake is the client's to report.
            if let Ok(stream) = acceptor.accept(wire).await {
                serve(stream, source, shared, switch).await;
            }
        }
    }
}

async fn serve<S>(stream: S, source: IpAddr, shared: Arc<Shared>, switch: Switch)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(Arc::clone(&shared), source, switch.clone(), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    // A connection ends with an error when the client leaves or a fault cuts it: both are expected.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    shared: Arc<Shared>,
    source: IpAddr,
    switch: Switch,
    request: Request<Incoming>,
) -> Result<Response<WireBody>, Infallible> {
    let (head, body) = request.into_parts();
    if shared.engine().cuts_unread(source, &head) {
        return Ok(switch.reset().await);
    }
    let Ok(outcome) = shared.handle(source, head, body).await else {
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
