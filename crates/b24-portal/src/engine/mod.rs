//! The portal without any input or output: a request and the time in, an answer and what to do on the wire out.
//!
//! Checks run in the order of the real server: rate bucket, method lookup, authentication, scope, operating
//! limiter, method, envelope. The order decides which error wins.

pub(crate) mod address;
mod auth;
mod authority;
mod authorize;
mod batch2;
mod batch3;
mod budget;
mod clockwork;
pub(crate) mod error;
mod events;
mod frames;
mod idempotency;
mod input;
mod refs;
mod reply;
mod signature;
mod v2;
mod v3;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, Uri};

use crate::config::Config;
use crate::event::Outbox;
use crate::fault::{Fault, Faults, Kind, Phase};
use crate::frame::Frames;
use crate::frame::page::Part;
use crate::limit::bucket::Bucket;
use crate::limit::operating::Meters;
use crate::method::World;
use crate::oauth::{Ledger, Origins};
use crate::record::{ApiVersion, RecordedRequest, RequestLog};
use address::Address;
pub(crate) use auth::Caller;
pub(crate) use authority::Site;
use error::Refusal;
pub(crate) use frames::Listening;
use idempotency::Replays;

/// The answer to a request, and what to do with it on the wire.
///
/// `Debug` shows of the answer its status and its size: a body may carry data, a `Location` the webhook's secret.
#[non_exhaustive]
pub struct Outcome {
    /// The answer. It stays what the portal would have said when [`delivery`](Self::delivery) withholds it.
    pub response: Response<Bytes>,
    /// How long to wait before anything is sent: the portal's latency, and the work where that takes time.
    pub latency: Duration,
    /// How the answer reaches the client, if it does.
    pub delivery: Delivery,
}

/// How an answer reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// As it is.
    Whole,
    /// Not at all: the connection closes.
    Close,
    /// Not at all: the connection is reset.
    Reset,
    /// In pieces of so many bytes, with a pause before each.
    Slow {
        /// Bytes in one piece.
        piece: usize,
        /// The pause before each piece.
        pause: Duration,
    },
    /// So many bytes of it, then the connection closes.
    Truncated {
        /// Bytes that are sent.
        keep: usize,
    },
}

/// A portal as a pure state machine.
///
/// [`Portal`](crate::Portal) puts it behind a socket and a `tower` service; here the caller brings the time.
/// Built by [`PortalBuilder::engine`](crate::PortalBuilder::engine).
///
/// ```
/// use std::{net::Ipv4Addr, time::Duration};
/// use b24_portal::Portal;
/// use bytes::Bytes;
///
/// let now = Duration::from_secs(1_787_227_200);
/// let mut engine = Portal::builder().webhook(1, "secret").engine(now);
/// let request = http::Request::get("/rest/1/secret/server.time").body(Bytes::new())?;
/// let outcome = engine.handle(now, Ipv4Addr::LOCALHOST.into(), request);
/// assert_eq!(outcome.response.status(), 200);
/// # Ok::<(), http::Error>(())
/// ```
pub struct Engine {
    config: Config,
    world: World,
    buckets: HashMap<IpAddr, Bucket>,
    meters: Meters,
    replays: Replays,
    pub(crate) ledger: Ledger,
    frames: Frames,
    outbox: Outbox,
    portal: Front,
    authority: Front,
}

/// What stands between an address and its visitors: the faults to strike them, and the memory of them.
struct Front {
    faults: Faults,
    log: RequestLog,
}

/// What a request asks for, by its path.
struct Asked {
    version: Option<ApiVersion>,
    method: String,
}

impl Engine {
    pub(crate) fn new(config: Config) -> Self {
        let mut ledger = Ledger::new(&config);
        if let (true, Some(app)) = (config.frame.install, config.applications.first()) {
            ledger.unfinish(app.client_id());
        }
        let webhooks = config.event.webhooks.clone();
        let mut engine = Self {
            world: World::new(&config),
            ledger,
            frames: Frames::new(&config),
            outbox: Outbox::new(config.seed),
            portal: Front::new(config.keep_requests),
            authority: Front::new(config.keep_requests),
            buckets: HashMap::new(),
            meters: Meters::default(),
            replays: Replays::default(),
            config,
        };
        for (events, url) in webhooks {
            engine.add_webhook(events, url);
        }
        engine
    }

    /// Answers a request that arrived at `now` (since the Unix epoch) from `source`.
    pub fn handle(&mut self, now: Duration, source: IpAddr, request: Request<Bytes>) -> Outcome {
        let (parts, body) = request.into_parts();
        if body.len() > self.config.max_body {
            return self.refuse_body(Site::Portal, source, parts);
        }
        if let Some(outcome) = self.serve_frame(now, &parts, &body) {
            return outcome;
        }
        let address = Address::parse(parts.uri.path());
        let asked = Asked::of(address.as_ref());
        if let (&http::Method::OPTIONS, Some(_)) = (&parts.method, &address) {
            return self.let_browser_ask(parts, asked, source);
        }
        let mut outcome =
            Outcome { response: reply::not_rest(), latency: self.config.latency, delivery: Delivery::Whole };

        // Only the REST API has a bucket; people's pages have none.
        let is_page = authorize::is_asked(&parts.uri);
        if !is_page && !self.admits(now, source) {
            // The gateway does not know about generations: a v3 caller gets the v2 shape.
            outcome.response = v2::refuse(&Refusal::too_many_requests(), address::Transport::Json);
        } else if let Some(fault) = self.portal.faults.strike(Phase::Before, &asked.method) {
            self.apply(fault, &parts.uri, &mut outcome);
        } else {
            if is_page {
                outcome.response = self.authorize(now, &parts);
            } else if let Some(address) = &address {
                let (response, work) = match address.version {
                    ApiVersion::V2 => self.answer_v2(now, address, &parts, &body),
                    ApiVersion::V3 => self.answer_v3(now, address, &parts, &body),
                };
                outcome.response = response;
                outcome.latency = self.after(outcome.latency, work);
                self.settle_events(now);
            }
            if let Some(fault) = self.portal.faults.strike(Phase::After, &asked.method) {
                self.apply(fault, &parts.uri, &mut outcome);
            }
        }
        self.portal.record(parts, body, asked, source, &outcome);
        outcome
    }

    /// The answer to a browser that asks whether it may call: neither a call, nor counted as one, nor struck by faults.
    fn let_browser_ask(&mut self, parts: Parts, asked: Asked, source: IpAddr) -> Outcome {
        let (response, latency) = (reply::preflight(), self.config.latency);
        let outcome = Outcome { response, latency, delivery: Delivery::Whole };
        self.portal.record(parts, Bytes::new(), asked, source, &outcome);
        outcome
    }

    /// The answer to a request whose body is larger than the portal takes: that of the web server in front.
    pub(crate) fn refuse_body(&mut self, site: Site, source: IpAddr, parts: Parts) -> Outcome {
        let latency = match site {
            Site::Portal => self.config.latency,
            Site::Authority => self.config.auth_latency(),
        };
        let outcome = Outcome { response: reply::body_too_large(), latency, delivery: Delivery::Whole };
        self.front(site).record(parts.clone(), Bytes::new(), site.asked(parts.uri.path()), source, &outcome);
        outcome
    }

    /// Whether a fault cuts the connection before the body of this request is read.
    ///
    /// A server asks this with the head in hand and resets the connection on true; the request is recorded then.
    pub fn cuts_unread(&mut self, source: IpAddr, head: &Parts) -> bool {
        self.cuts_unread_at(Site::Portal, source, head)
    }

    pub(crate) fn cuts_unread_at(&mut self, site: Site, source: IpAddr, head: &Parts) -> bool {
        if head.method == http::Method::OPTIONS || Part::of(head.uri.path()).is_some() {
            return false;
        }
        let asked = site.asked(head.uri.path());
        let front = self.front(site);
        let cut = front.faults.strike(Phase::Unread, &asked.method).is_some();
        if cut {
            let outcome = Outcome { response: reply::not_rest(), latency: Duration::ZERO, delivery: Delivery::Reset };
            front.record(head.clone(), Bytes::new(), asked, source, &outcome);
        }
        cut
    }

    /// Queues a fault.
    pub fn fault(&mut self, fault: Fault) {
        self.portal.faults.push(fault);
    }

    /// Forgets all queued faults.
    pub fn clear_faults(&mut self) {
        self.portal.faults.clear();
        self.authority.faults.clear();
        self.frames.clear_faults();
        self.outbox.clear_faults();
    }

    /// Forgets all recorded requests.
    pub fn clear_requests(&mut self) {
        self.portal.log.clear();
        self.authority.log.clear();
        self.frames.clear_messages();
    }

    /// The most recent requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.portal.log.all()
    }

    fn apply(&self, fault: Kind, uri: &Uri, outcome: &mut Outcome) {
        match fault {
            Kind::Answer(answer) => outcome.response = reply::canned(answer, uri),
            Kind::Refuse(refusal) => {
                outcome.response = v2::refuse(&refusal(self.config.dialect), address::Transport::Json);
            }
            Kind::Close => outcome.delivery = Delivery::Close,
            Kind::Reset => outcome.delivery = Delivery::Reset,
            Kind::Slow { piece, pause } => outcome.delivery = Delivery::Slow { piece, pause },
            Kind::Truncated { keep } => outcome.delivery = Delivery::Truncated { keep },
        }
    }

    /// The moment `work` ends that began at `start`. Where work takes no time, it is the same moment.
    fn after(&self, start: Duration, work: Duration) -> Duration {
        if self.config.work_takes_time { start.saturating_add(work) } else { start }
    }

    fn admits(&mut self, now: Duration, source: IpAddr) -> bool {
        !self.config.limits.rate || self.buckets.entry(source).or_default().admit(now, &self.config.limits)
    }

    /// Sets the addresses, once they are known.
    pub(crate) fn settle(&mut self, origins: Origins) {
        self.config.origins = origins;
    }

    pub(crate) fn rename(&mut self, portal: String) {
        self.config.origins.portal = portal;
    }

    fn front(&mut self, site: Site) -> &mut Front {
        match site {
            Site::Portal => &mut self.portal,
            Site::Authority => &mut self.authority,
        }
    }
}

impl Front {
    fn new(keep_requests: usize) -> Self {
        Self { faults: Faults::default(), log: RequestLog::new(keep_requests) }
    }

    fn record(&mut self, parts: Parts, body: Bytes, asked: Asked, source: IpAddr, outcome: &Outcome) {
        let answered = !matches!(outcome.delivery, Delivery::Close | Delivery::Reset);
        self.log.push(RecordedRequest {
            version: asked.version,
            method: asked.method,
            http_method: parts.method,
            path: address::masked(parts.uri.path()),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            headers: parts.headers,
            body,
            source,
            status: answered.then(|| outcome.response.status()),
        });
    }
}

impl Asked {
    fn of(address: Option<&Address>) -> Self {
        Self {
            version: address.map(|address| address.version),
            method: address.map(|address| address.method.clone()).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcome")
            .field("status", &self.response.status())
            .field("body_len", &self.response.body().len())
            .field("latency", &self.latency)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("config", &self.config).finish_non_exhaustive()
    }
}
