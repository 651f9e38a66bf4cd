//! A running portal.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::Request;
use http::request::Parts;
use http_body::Body;

use crate::builder::PortalBuilder;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{Engine, Outcome};
use crate::fault::Fault;
use crate::intake;
use crate::record::RecordedRequest;
use crate::server::Server;
use crate::service::PortalService;

/// A Bitrix24 portal in this process.
///
/// It listens on a loopback socket until it is dropped or [shut down](Self::shutdown).
/// `Debug` shows neither secrets nor tokens.
pub struct Portal {
    shared: Arc<Shared>,
    origin: String,
    hook_path: String,
    ca_pem: Option<String>,
    server: Option<Server>,
}

/// What the sockets, the services and the handle have in common.
pub(crate) struct Shared {
    engine: Mutex<Engine>,
    hook_path: String,
    max_body: usize,
    pub(crate) clock: Clock,
}

impl Portal {
    /// Begins a portal with the defaults.
    pub fn builder() -> PortalBuilder {
        PortalBuilder::new()
    }

    pub(crate) async fn open(shared: Shared, port: u16, tls: bool) -> io::Result<Self> {
        let shared = Arc::new(shared);
        let (server, ca_pem) = Server::start(Arc::clone(&shared), port, tls).await?;
        let scheme = if tls { "https" } else { "http" };
        let origin = format!("{scheme}://127.0.0.1:{}", server.port());
        let hook_path = shared.hook_path.clone();
        Ok(Self { shared, origin, hook_path, ca_pem, server: Some(server) })
    }

    pub(crate) fn without_socket(shared: Shared, origin: String) -> Self {
        let hook_path = shared.hook_path.clone();
        Self { shared: Arc::new(shared), origin, hook_path, ca_pem: None, server: None }
    }

    /// Queues a fault for a request to come.
    pub fn fault(&self, fault: Fault) {
        self.shared.engine().fault(fault);
    }

    /// Forgets the faults that have not struck yet.
    pub fn clear_faults(&self) {
        self.shared.engine().clear_faults();
    }

    /// Forgets the recorded requests.
    pub fn clear_requests(&self) {
        self.shared.engine().clear_requests();
    }

    /// The requests so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.engine().requests()
    }

    /// The portal's address, such as `http://127.0.0.1:40817`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.origin
    }

    /// The address of the first webhook: `<url>/rest/<user>/<secret>/`.
    ///
    /// It contains the secret, as every webhook's address does.
    #[must_use]
    pub fn hook_url(&self) -> String {
        format!("{}{}", self.origin, self.hook_path)
    }

    /// The certificate of the authority behind [`PortalBuilder`]'s `tls`, in PEM.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The portal's clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The portal as a `tower` service, without sockets. Clones and sockets share one portal.
    #[must_use]
    pub fn service(&self) -> PortalService {
        PortalService::new(Arc::clone(&self.shared))
    }

    /// Closes the socket and all connections, and waits until they are gone.
    pub async fn shutdown(mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }
}

impl Shared {
    pub(crate) fn new(config: Config, clock: Clock) -> Self {
        // The builder sees to it that there is always a first webhook.
        let hook_path =
            config.hooks.first().map_or_else(String::new, |hook| format!("/rest/{}/{}/", hook.user, hook.secret));
        Self { max_body: config.max_body, engine: Mutex::new(Engine::new(config)), hook_path, clock }
    }

    /// Reads the body of a request, and answers it.
    pub(crate) async fn handle<B: Body>(&self, source: IpAddr, head: Parts, body: B) -> Result<Outcome, B::Error> {
        let body = intake::read(body, self.max_body).await?;
        let now = self.clock.now();
        let mut engine = self.engine();
        Ok(match body {
            Some(body) => engine.handle(now, source, Request::from_parts(head, body)),
            None => engine.refuse_body(source, head),
        })
    }

    /// A panic while the lock was held cannot leave the tables half written: every write is one insertion.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal").field("url", &self.origin).field("clock", &self.shared.clock).finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("clock", &self.clock).finish_non_exhaustive()
    }
}
