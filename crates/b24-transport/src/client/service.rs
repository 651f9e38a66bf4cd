//! The client as a tower service.

use std::{
    fmt,
    sync::Arc,
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

/// The default HTTP client. Clones share one connection pool, and cost one reference count; it is always ready.
#[derive(Clone)]
pub struct HttpClient {
    /// Each handle on a portal holds one, and each call a clone or two: the pool's own handle has some 300 bytes.
    client: Arc<Client<Connector, Body>>,
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
        Self::tuned(connector, Tuning::DEFAULT)
    }

    fn tuned(connector: Connector, tuning: Tuning) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(tuning.idle)
            // Without a timer the idle timeout does nothing.
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http2_keep_alive_interval(tuning.ping)
            .http2_keep_alive_timeout(tuning.pong)
            .build(connector);
        Self { client: Arc::new(client) }
    }
}

/// How connections are looked after.
#[derive(Clone, Copy)]
struct Tuning {
    /// Idle connections are closed before the portal's servers do it, so that a call seldom meets a dead one.
    idle: Duration,
    /// One HTTP/2 connection carries all calls to a portal: a dead one must be found before they run out of time on it.
    ping: Duration,
    /// How long the answer to a ping may take.
    pong: Duration,
}

impl Tuning {
    const DEFAULT: Self =
        Self { idle: Duration::from_secs(50), ping: Duration::from_secs(20), pong: Duration::from_secs(10) };
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
        ResponseFuture::new(DecompressionLayer::new().layer(&*self.client).call(request))
    }
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use b24_core::{ApiVersion, Error, Grant, Method, Params, RestRequest, RestResponse, Secret};
    use b24_portal::Portal;
    use tokio::{
        io::copy_bidirectional,
        net::{TcpListener, TcpStream},
        sync::watch,
    };
    use tower::ServiceExt;

    use super::*;
    use crate::{
        RestLayer,
        client::{proxy::Proxies, tls::Roots},
    };

    /// Forwards connections to a portal and counts them; when told so, those it has go silent, and new ones work.
    struct Forwarder {
        port: u16,
        connections: Arc<AtomicUsize>,
        silence: watch::Sender<usize>,
    }

    impl Forwarder {
        async fn to(portal: &Portal) -> Self {
            let target = portal.url().rsplit("//").next().unwrap().to_owned();
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let connections = Arc::<AtomicUsize>::default();
            let (silence, silenced) = watch::channel(0);
            let counter = Arc::clone(&connections);
            tokio::spawn(async move {
                while let Ok((mut inbound, _)) = listener.accept().await {
                    let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
                    let (target, mut silenced) = (target.clone(), silenced.clone());
                    tokio::spawn(async move {
                        let mut outbound = TcpStream::connect(target).await.unwrap();
                        let silent = async move { silenced.wait_for(|silent| *silent >= number).await.map(|_| ()) };
                        tokio::select! {
                            _ = copy_bidirectional(&mut inbound, &mut outbound) => return,
                            _ = silent => {}
                        }
                        // Open, and nothing moves any more.
                        std::future::pending::<()>().await;
                    });
                }
            });
            Self { port, connections, silence }
        }

        fn connections(&self) -> usize {
            self.connections.load(Ordering::Relaxed)
        }
    }

    async fn call(client: &HttpClient, portal: &Portal, port: u16) -> Result<RestResponse, Error> {
        let hook = portal.hook_url();
        let secret = hook.trim_end_matches('/').rsplit('/').next().unwrap();
        let scheme = portal.url().split(':').next().unwrap();
        let origin = format!("{scheme}://127.0.0.1:{port}").parse().unwrap();
        let request = RestRequest::new(ApiVersion::V2, Method::new("profile").unwrap(), Params::empty());
        let request = request.with_grant(Grant::webhook(origin, 1, Secret::from(secret)));
        RestLayer::new().layer(client.clone()).oneshot(request).await
    }

    fn client(portal: &Portal, tuning: Tuning) -> HttpClient {
        let mut roots = Roots::default();
        if let Some(pem) = portal.ca_pem() {
            roots.add_pem(pem.as_bytes()).unwrap();
        }
        HttpClient::tuned(Connector::new(roots, Proxies::none(), Duration::from_secs(10)), tuning)
    }

    #[tokio::test]
    async fn a_dead_http_2_connection_is_found_and_replaced() {
        let portal = Portal::builder().tls().start().await.unwrap();
        let forwarder = Forwarder::to(&portal).await;
        let millis = Duration::from_millis;
        let client = client(&portal, Tuning { ping: millis(100), pong: millis(200), ..Tuning::DEFAULT });
        call(&client, &portal, forwarder.port).await.unwrap();

        forwarder.silence.send_replace(1);
        // The call that meets the dead connection fails long before its 75 s; the next one has a new connection.
        let error = call(&client, &portal, forwarder.port).await.unwrap_err();
        assert_eq!((error.code(), error.may_have_run()), ("NETWORK_ERROR", true));
        call(&client, &portal, forwarder.port).await.unwrap();
        assert_eq!(forwarder.connections(), 2);
    }

    #[tokio::test]
    async fn an_idle_connection_is_not_used_again() {
        let portal = Portal::builder().start().await.unwrap();
        let forwarder = Forwarder::to(&portal).await;
        let client = client(&portal, Tuning { idle: Duration::from_millis(20), ..Tuning::DEFAULT });
        call(&client, &portal, forwarder.port).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        call(&client, &portal, forwarder.port).await.unwrap();
        assert_eq!(forwarder.connections(), 2);
    }
}
