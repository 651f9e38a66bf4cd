//! Building a service and its worker.

use std::{
    fmt,
    future::Future,
    net::IpAddr,
    num::NonZeroUsize,
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24_core::{BoxError, Error};
use http::request::Parts;

use super::{
    AllowedSources, EventService,
    reception::{Reception, SourceOf},
};
use crate::{
    Event, Inbox, MemoryInbox, RobotCall, Verified, Verify,
    shared::{Clock, Shared},
    worker::{Handlers, Rules, Worker},
};

/// Chooses handlers, an inbox and limits. Made by [`EventService::builder`].
#[must_use = "a service is made by `build`"]
pub struct EventServiceBuilder {
    verification: Arc<dyn Verify>,
    handlers: Handlers,
    inbox: Arc<dyn Inbox>,
    rules: Rules,
    max_body: usize,
    sources: Option<(AllowedSources, SourceOf)>,
    clock: Clock,
}

impl EventServiceBuilder {
    pub(super) fn new(verification: Arc<dyn Verify>) -> Self {
        Self {
            verification,
            handlers: Handlers::default(),
            inbox: Arc::new(MemoryInbox::new()),
            rules: Rules::default(),
            max_body: MAX_BODY,
            sources: None,
            #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
            clock: Arc::new(SystemTime::now),
        }
    }

    /// Handles an event of this name, such as `ONCRMDEALADD`; the case does not matter.
    ///
    /// The handler gets the event once it is verified. `Ok` means that it is done. After an error, a panic or a timeout it
    /// is called again: after 1 s, 10 s, 1 min, 10 min and 1 h. What has failed six times is put aside. A handler for which
    /// another try makes no sense returns `Ok`. Errors are boxed, so `?` takes those of any type; a function that gives one of
    /// its own goes into a closure: `|event| async move { Ok(added(event).await?) }`.
    ///
    /// Events come in no certain order, and several handlers run at the same time. An event that is delivered twice is
    /// handled once; one that was being handled when the process died is handled again.
    pub fn on<H, F>(mut self, name: impl Into<String>, handler: H) -> Self
    where
        H: Fn(Verified<Event>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.handlers.events.add(name.into().to_ascii_uppercase(), handler);
        self
    }

    /// Handles all events that have no handler of their own. Without it they are counted and dropped.
    pub fn on_any<H, F>(mut self, handler: H) -> Self
    where
        H: Fn(Verified<Event>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.handlers.events.add_for_the_rest(handler);
        self
    }

    /// Handles the calls of a robot or an activity that was registered with this code. The case of the code matters. What
    /// is said of [events](Self::on) holds here too.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/bizproc-robot-add.html>
    pub fn on_robot<H, F>(mut self, code: impl Into<String>, handler: H) -> Self
    where
        H: Fn(Verified<RobotCall>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.handlers.robots.add(code.into(), handler);
        self
    }

    /// Handles the calls of all robots and activities that have no handler of their own.
    pub fn on_any_robot<H, F>(mut self, handler: H) -> Self
    where
        H: Fn(Verified<RobotCall>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.handlers.robots.add_for_the_rest(handler);
        self
    }

    /// Sets where deliveries are kept until they are handled. By default a [`MemoryInbox`], which forgets them with the
    /// process. Give an `Arc` of it, and keep a clone, to look later at what was buried.
    pub fn inbox(mut self, inbox: impl Inbox) -> Self {
        self.inbox = Arc::new(inbox);
        self
    }

    /// Sets how many handlers may run at the same time. Default: 16.
    pub fn concurrency(mut self, handlers: NonZeroUsize) -> Self {
        self.rules.concurrency = handlers.get();
        self
    }

    /// Sets how long one handler may take. It is dropped then, and called again as after an error. Default: 5 minutes.
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.rules.timeout = timeout;
        self
    }

    /// Sets how long a worker that is to end waits for handlers. Default: 20 s.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.rules.grace = grace;
        self
    }

    /// Sets the largest body that is taken, in bytes. Default: 1 MiB; the portal's events are some kilobytes.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Refuses what does not come from one of these addresses. `source_of` tells from a request where it came from, by what
    /// your server has put into its extensions or, behind a proxy of yours, its headers; where it tells nothing, the
    /// request is refused.
    ///
    /// It stands beside the verification, not in its place. What is refused is logged with the address that was told.
    ///
    /// Anybody can write `X-Forwarded-For`. A proxy adds the address that it sees at the end; so that one counts, and only
    /// where the request comes from your proxy:
    ///
    /// ```
    /// use std::net::IpAddr;
    ///
    /// use http::request::Parts;
    ///
    /// /// The proxy runs on this machine. `peer` is whoever the socket is connected with.
    /// fn source_of(head: &Parts, peer: IpAddr) -> Option<IpAddr> {
    ///     if !peer.is_loopback() {
    ///         return Some(peer);
    ///     }
    ///     let forwarded = head.headers.get_all("x-forwarded-for").iter().next_back()?;
    ///     forwarded.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
    /// }
    /// ```
    ///
    /// In axum `peer` is `head.extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip()`, and the server is made of
    /// `router.into_make_service_with_connect_info::<SocketAddr>()`.
    pub fn allow_from(
        mut self,
        sources: AllowedSources,
        source_of: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static,
    ) -> Self {
        self.sources = Some((sources, Box::new(source_of)));
        self
    }

    /// Sets where the time of day comes from, by which deliveries are postponed and remembered. Default: the system. For tests
    /// on a paused runtime, which moves tokio's clock and not the system's:
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// use b24_events::EventServiceBuilder;
    /// use tokio::time::Instant;
    ///
    /// fn on_the_clock_of_the_runtime(builder: EventServiceBuilder) -> EventServiceBuilder {
    ///     let begun = Instant::now();
    ///     builder.clock(move || UNIX_EPOCH + Duration::from_secs(1_700_000_000) + begun.elapsed())
    /// }
    /// ```
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(now);
        self
    }

    /// The service, and the worker that handles what it takes. Nothing is spawned, and nothing is handled until the worker
    /// [runs](Worker::run).
    ///
    /// # Errors
    /// Kind [`Usage`](b24_core::ErrorKind::Usage) where two handlers have one name, or one has none.
    pub fn build(self) -> Result<(EventService, Worker), Error> {
        self.handlers.check()?;
        let shared = Arc::new(Shared::new(self.inbox, self.clock));
        let worker = Worker::new(Arc::clone(&shared), self.verification, self.handlers, self.rules);
        let reception = Reception::new(shared, self.max_body, self.sources);
        Ok((EventService::new(reception), worker))
    }
}

const MAX_BODY: usize = 1 << 20;

impl fmt::Debug for EventServiceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventServiceBuilder")
            .field("verification", &self.verification)
            .field("handlers", &self.handlers)
            .field("inbox", &self.inbox)
            .field("max_body", &self.max_body)
            .finish_non_exhaustive()
    }
}
