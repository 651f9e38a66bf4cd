//! The thin edge: a listener, connections, and answers on the wire.

mod body;
mod files;
#[cfg(feature = "tls")]
mod tls;
mod wire;

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
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
use files::Files;
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

/// Where to listen, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doors {
    pub(crate) port: u16,
    pub(crate) auth_port: u16,
    /// The folder of an application, which is served beside the portal.
    pub(crate) app: Option<PathBuf>,
    pub(crate) app_port: u16,
    pub(crate) tls: bool,
}

/// What stands behind a door.
#[derive(Clone)]
enum House {
    Site(Site),
    App(Arc<Files>),
}

/// The servers of a portal, and the certificate of the authority behind them.
pub(crate) struct Servers {
    pub(crate) all: Vec<Server>,
    pub(crate) origins: Origins,
    pub(crate) ca_pem: Option<String>,
}

impl Servers {
    /// Opens the portal, its authorisation server and its application on the loopback address.
    pub(crate) async fn start(shared: Arc<Shared>, doors: &Doors) -> io::Result<Self> {
        let files = doors.app.as_deref().map(Files::open).transpose()?;
        let portal = bind(doors.port).await?;
        let authority = bind(doors.auth_port).await?;
        let app = match files {
            Some(files) => Some((bind(doors.app_port).await?, House::App(Arc::new(files)))),
            None => None,
        };
        let (security, ca_pem) = secure(doors.tls)?;
        let scheme = if doors.tls { "https" } else { "http" };
        let origin = |listener: &TcpListener| -> io::Result<String> {
            Ok(format!("{scheme}://127.0.0.1:{}", listener.local_addr()?.port()))
        };
        let app_origin = app.as_ref().map(|(listener, _)| origin(listener)).transpose()?;
        let origins = Origins { portal: origin(&portal)?, authority: origin(&authority)?, app: app_origin };
        // Before anyone is let in: tokens name both addresses.
        shared.engine().settle(origins.clone());
        let serve = |(listener, house)| Server {
            task: tokio::spawn(accept(listener, Arc::clone(&shared), house, security.clone())),
        };
        let doors = [(portal, House::Site(Site::Portal)), (authority, House::Site(Site::Authority))];
        let all = doors.into_iter().chain(app).map(serve).collect();
        Ok(Self { all, origins, ca_pem })
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
async fn accept(listener: TcpListener, shared: Arc<Shared>, house: House, security: Security) {
    let mut connections = JoinSet::new();
    loop {
        // A failed accept is the client's affair (gone already) or a lack of files, which passes.
        let Ok((tcp, peer)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        connections.spawn(connection(tcp, (house.clone(), peer.ip()), Arc::clone(&shared), security.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(tcp: TcpStream, from: (House, IpAddr), shared: Arc<Shared>, security: Security) {
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

async fn serve<S>(stream: S, from: (House, IpAddr), shared: Arc<Shared>, switch: Switch)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| answer(Arc::clone(&shared), from.clone(), switch.clone(), request));
    let builder = auto::Builder::new(TokioExecutor::new());
    // A connection ends with an error when the client leaves or a fault cuts it: both are expected.
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(
    shared: Arc<Shared>,
    (house, source): (House, IpAddr),
    switch: Switch,
    request: Request<Incoming>,
) -> Result<Response<WireBody>, Infallible> {
    let (head, body) = request.into_parts();
    let site = match house {
        House::Site(site) => site,
        House::App(files) => {
            let answer = files.answer(&head).await;
            return Ok(answer.map(|bytes| WireBody::new(bytes, Delivery::Whole, shared.clock.clone(), switch)));
        }
    };
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
