//! Making a connection: directly or through a proxy, with TLS where the address asks for it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use b24_core::BoxError;
use http::{Uri, uri::Scheme};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::connect::{HttpConnector, proxy::Tunnel},
    rt::TokioIo,
};
use tokio::net::TcpStream;
use tower_service::Service;

use super::{proxy::Proxies, tls::Roots};

/// Connects to portals. Clones share one TLS configuration, made when it is first needed.
#[derive(Clone)]
pub(super) struct Connector {
    http: HttpConnector,
    shared: Arc<Shared>,
    timeout: Duration,
}

struct Shared {
    roots: Roots,
    proxies: Proxies,
    https: OnceLock<HttpsConnector<Route>>,
}

/// A connection to a portal: TLS or none, over a connection to its proxy, TLS or none, or to itself.
type Connection = MaybeHttpsStream<Hop>;
/// A connection to a proxy or a portal.
type Hop = MaybeHttpsStream<TokioIo<TcpStream>>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;

impl Connector {
    pub(super) fn new(roots: Roots, proxies: Proxies, timeout: Duration) -> Self {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        // A call is one small write: it must not wait for more.
        http.set_nodelay(true);
        let shared = Shared { roots, proxies, https: OnceLock::new() };
        Self { http, shared: Arc::new(shared), timeout }
    }

    async fn connect(mut self, uri: Uri) -> Result<Connection, BoxError> {
        if uri.scheme() != Some(&Scheme::HTTPS) {
            // Plain http is for loopback hosts, which no proxy can reach.
            let stream = self.http.call(uri).await?;
            return Ok(MaybeHttpsStream::Http(MaybeHttpsStream::Http(stream)));
        }
        self.https().await?.call(uri).await
    }

    /// The TLS connector. Two calls at once may both make one; the first is kept.
    async fn https(&self) -> Result<HttpsConnector<Route>, BoxError> {
        if let Some(ready) = self.shared.https.get() {
            return Ok(ready.clone());
        }
        // The platform's certificates are files.
        let shared = Arc::clone(&self.shared);
        let config = tokio::task::spawn_blocking(move || shared.roots.config()).await??;
        let to_proxy = HttpsConnectorBuilder::new()
            .with_tls_config(config.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(self.http.clone());
        let route = Route { direct: self.http.clone(), to_proxy, proxies: self.shared.proxies.clone() };
        let made = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_only()
            .enable_all_versions()
            .wrap_connector(route);
        Ok(self.shared.https.get_or_init(|| made).clone())
    }
}

impl Service<Uri> for Connector {
    type Response = Connection;
    type Error = BoxError;
    type Future = Connecting<Connection>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // hyper-util's HttpConnector is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting<Connection> {
        let connecting = self.clone().connect(uri);
        let timeout = self.timeout;
        Box::pin(async move {
            let ended = tokio::time::timeout(timeout, connecting).await;
            ended.unwrap_or_else(|_| Err("connecting took too long".into()))
        })
    }
}

/// The way to a portal, without its TLS: direct, or through a proxy's tunnel.
#[derive(Clone)]
struct Route {
    direct: HttpConnector,
    to_proxy: HttpsConnector<HttpConnector>,
    proxies: Proxies,
}

impl Service<Uri> for Route {
    type Response = Hop;
    type Error = BoxError;
    type Future = Connecting<Hop>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting<Hop> {
        match self.proxies.proxy_for(&uri) {
            Ok(None) => {
                let connecting = self.direct.call(uri);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
            }
            Ok(Some(proxy)) => {
                let mut tunnel = Tunnel::new(proxy.uri().clone(), self.to_proxy.clone());
                if let Some(credentials) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(credentials.clone());
                }
                let connecting = tunnel.call(uri);
                // The texts of tunnel errors name no address, so no proxy password either.
                Box::pin(async move { connecting.await.map_err(|error| error.to_string().into()) })
            }
            Err(error) => Box::pin(async move { Err(error) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use b24_core::{ApiVersion, Grant, Method, Params, RestRequest, Secret};
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
    use rustls::{ServerConfig, pki_types::PrivateKeyDer};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
        net::TcpListener,
    };
    use tower::{Layer, ServiceExt};

    use super::*;
    use crate::{HttpClient, RestLayer};

    /// A server for `portal.test` that answers one request, and its certificate as PEM.
    async fn portal() -> (SocketAddr, String) {
        let mut params = CertificateParams::new(["portal.test".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = acceptor.accept(stream).await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{\"result\":\"x\"}";
            stream.write_all(answer).await.unwrap();
        });
        (address, certificate.pem())
    }

    /// A proxy that tunnels one connection to `target`, whatever it is asked for; tells what it was asked.
    async fn proxy(target: SocketAddr) -> (SocketAddr, tokio::task::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = tokio::spawn(async move {
            let (mut inbound, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(inbound.read_u8().await.unwrap());
            }
            inbound.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            let mut outbound = TcpStream::connect(target).await.unwrap();
            tokio::spawn(async move { copy_bidirectional(&mut inbound, &mut outbound).await });
            String::from_utf8(head).unwrap()
        });
        (address, asked)
    }

    #[tokio::test]
    async fn a_portal_is_reached_through_a_proxys_tunnel() {
        let (portal, pem) = portal().await;
        let (proxy, asked) = proxy(portal).await;
        let mut roots = Roots::default();
        roots.add_pem(pem.as_bytes()).unwrap();
        let proxies = Proxies::all(&format!("http://user:pw@{proxy}"));
        let client = HttpClient::with_connector(Connector::new(roots, proxies, Duration::from_secs(10)));

        // The proxy looks the name up, not the client: `portal.test` exists nowhere.
        let grant = Grant::webhook("https://portal.test".parse().unwrap(), 1, Secret::from("s3cr3t"));
        let request = RestRequest::new(ApiVersion::V2, Method::new("profile").unwrap(), Params::empty());
        let answer = RestLayer::new().layer(client).oneshot(request.with_grant(grant)).await.unwrap();
        assert_eq!(answer.result(), "\"x\"");

        let asked = asked.await.unwrap();
        assert!(asked.starts_with("CONNECT portal.test:443 HTTP/1.1"), "{asked}");
        assert!(asked.to_lowercase().contains("proxy-authorization: basic dxnlcjpwdw=="), "{asked}");
        assert!(!asked.contains("s3cr3t"), "the tunnel is asked for without the path");
    }
}
