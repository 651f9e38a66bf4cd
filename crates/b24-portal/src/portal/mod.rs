//! A running portal.

mod event;
mod frame;
mod oauth;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Request;
use http::request::Parts;
use http_body::Body;
use tokio::sync::Notify;

use crate::builder::PortalBuilder;
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{Engine, Listening, Outcome, Site};
use crate::fault::Fault;
use crate::intake;
use crate::oauth::{Application, Origins};
use crate::record::RecordedRequest;
use crate::sender::{Closer, Sender};
use crate::server::{Doors, Server, Servers};
use crate::service::PortalService;

/// A Bitrix24 portal in this process.
///
/// It listens on a loopback socket until it is dropped or [shut down](Self::shutdown).
/// `Debug` shows neither secrets nor tokens.
pub struct Portal {
    shared: Arc<Shared>,
    origins: Origins,
    hook_path: String,
    ca_pem: Option<String>,
    servers: Vec<Server>,
    /// Letters are sent as long as there is a portal.
    _closer: Closer,
}

/// What the sockets, the services and the handle have in common.
pub(crate) struct Shared {
    engine: Mutex<Engine>,
    hook_path: String,
    applications: Vec<Application>,
    member_id: String,
    max_body: usize,
    pub(crate) clock: Clock,
    /// Rings when a page may have something to hear.
    bell: Notify,
    pub(crate) sender: Arc<Sender>,
}

/// How long a page that listens is kept waiting.
const HOLD: Duration = Duration::from_secs(25);

impl Portal {
    /// Begins a portal with the defaults.
    pub fn builder() -> PortalBuilder {
        PortalBuilder::new()
    }

    pub(crate) async fn open(shared: Shared, doors: &Doors) -> io::Result<Self> {
        let shared = Arc::new(shared);
        let Servers { all, origins, ca_pem } = Servers::start(Arc::clone(&shared), doors).await?;
        let hook_path = shared.hook_path.clone();
        let closer = Closer(Arc::clone(&shared.sender));
        Ok(Self { shared, origins, hook_path, ca_pem, servers: all, _closer: closer })
    }

    pub(crate) fn without_socket(shared: Shared, origins: Origins) -> Self {
        shared.engine().settle(origins.clone());
        let hook_path = shared.hook_path.clone();
        let closer = Closer(Arc::clone(&shared.sender));
        Self { shared: Arc::new(shared), origins, hook_path, ca_pem: None, servers: Vec::new(), _closer: closer }
    }

    /// Queues a fault for a request to come.
    pub fn fault(&self, fault: Fault) {
        self.shared.engine().fault(fault);
    }

    /// Forgets the faults that have not struck yet, those of the authorisation server, of the page around an application
    /// and of letters as well.
    pub fn clear_faults(&self) {
        self.shared.engine().clear_faults();
    }

    /// Forgets the recorded requests, those to the authorisation server, the messages to the page around an application
    /// and the letters to handlers as well.
    pub fn clear_requests(&self) {
        self.shared.engine().clear_requests();
        self.shared.sender.clear_log();
    }

    /// The requests so far, oldest first. The `OPTIONS` by which a browser asks whether it may call are among them.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.engine().requests()
    }

    /// The portal's address, such as `http://127.0.0.1:40817`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.origins.portal
    }

    /// The address of the first webhook: `<url>/rest/<user>/<secret>/`.
    ///
    /// It contains the secret, as every webhook's address does.
    #[must_use]
    pub fn hook_url(&self) -> String {
        format!("{}{}", self.origins.portal, self.hook_path)
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
        PortalService::new(Arc::clone(&self.shared), Site::Portal)
    }

    /// Closes the sockets and all connections, and waits until they are gone.
    pub async fn shutdown(mut self) {
        for server in self.servers.drain(..) {
            server.stop().await;
        }
    }
}

impl Shared {
    pub(crate) fn new(config: Config, clock: Clock) -> Self {
        // The builder sees to it that there is always a first webhook.
        let hook_path =
            config.hooks.first().map_or_else(String::new, |hook| format!("/rest/{}/{}/", hook.user, hook.secret));
        Self {
            hook_path,
            applications: config.applications.clone(),
            member_id: config.member_id(),
            max_body: config.max_body,
            sender: Sender::new(clock.clone(), config.event.retries, config.keep_requests),
            clock,
            bell: Notify::new(),
            engine: Mutex::new(Engine::new(config)),
        }
    }

    /// Reads the body of a request, and answers it.
    pub(crate) async fn handle<B: Body>(
        &self,
        site: Site,
        source: IpAddr,
        head: Parts,
        body: B,
    ) -> Result<Outcome, B::Error> {
        let body = intake::read(body, self.max_body).await?;
        if let (Site::Portal, Some(listening)) = (site, Listening::of(&head.uri)) {
            // Whatever it was that ended the wait, the answer is what there is then.
            let _ = tokio::time::timeout(HOLD, self.until_due(&listening)).await;
        }
        let now = self.clock.now();
        let mut engine = self.engine();
        let outcome = match body {
            Some(body) => engine.handle_at(site, now, source, Request::from_parts(head, body)),
            None => engine.refuse_body(site, source, head),
        };
        drop(engine);
        self.dispatch();
        // A message may be heard on another page than the one it came from.
        self.bell.notify_waiters();
        Ok(outcome)
    }

    async fn until_due(&self, listening: &Listening) {
        loop {
            let mut rung = pin!(self.bell.notified());
            // Listening begins before the look, so that nothing is missed in between.
            rung.as_mut().enable();
            if self.engine().is_due(listening) {
                return;
            }
            rung.await;
        }
    }

    /// Sends what there is to be sent, in the background.
    pub(crate) fn dispatch(&self) {
        let letters = self.engine().take_deliveries();
        if !letters.is_empty() {
            self.sender.send(letters);
        }
    }

    pub(crate) fn ring(&self) {
        self.bell.notify_waiters();
    }

    /// A panic while the lock was held cannot leave the tables half written: every write is one insertion.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal")
            .field("url", &self.origins.portal)
            .field("auth_url", &self.origins.authority)
            .field("clock", &self.shared.clock)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("clock", &self.clock).finish_non_exhaustive()
    }
}
