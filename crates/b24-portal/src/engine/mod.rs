//! The portal without any input or output: a request and the time in, an answer and what to do on the wire out.
//!
//! Checks run in the order of the real server: rate bucket, method lookup, authentication, scope, operating
//! limiter, method, envelope. The order decides which error wins.

pub(crate) mod address;
mod auth;
mod batch2;
mod batch3;
mod budget;
mod clockwork;
pub(crate) mod error;
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
use crate::fault::{Fault, Faults, Kind, Phase};
use crate::limit::bucket::Bucket;
use crate::limit::operating::Meters;
use crate::method::World;
use crate::record::{ApiVersion, RecordedRequest, RequestLog};
use address::Address;
pub(crate) use auth::Caller;
use error::Refusal;
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
    faults: Faults,
    log: RequestLog,
}

impl Engine {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            world: World::new(&config),
            log: RequestLog::new(config.keep_requests),
            buckets: HashMap::new(),
            meters: Meters::default(),
            replays: Replays::default(),
            faults: Faults::default(),
            config,
        }
    }

    /// Answers a request that arrived at `now` (since the Unix epoch) from `source`.
    pub fn handle(&mut self, now: Duration, source: IpAddr, request: Request<Bytes>) -> Outcome {
        let (parts, body) = request.into_parts();
        if body.len() > self.config.max_body {
            return self.refuse_body(source, parts);
        }
        let address = Address::parse(parts.uri.path());
        let method = address.as_ref().map_or("", |address| address.method.as_str()).to_owned();
        let mut outcome =
            Outcome { response: reply::not_rest(), latency: self.config.latency, delivery: Delivery::Whole };

        if !self.admits(now, source) {
            // The gateway does not know about generations: a v3 caller gets the v2 shape.
            outcome.response = v2::refuse(&Refusal::too_many_requests(), address::Transport::Json);
        } else if let Some(fault) = self.faults.strike(Phase::Before, &method) {
            self.apply(fault, &parts.uri, &mut outcome);
        } else {
            if let Some(address) = &address {
                let (response, work) = match address.version {
                    _ if parts.method == http::Method::OPTIONS => (reply::preflight(), Duration::ZERO),
                    ApiVersion::V2 => self.answer_v2(now, address, &parts, &body),
                    ApiVersion::V3 => self.answer_v3(now, address, &parts, &body),
                };
                outcome.response = response;
                outcome.latency = self.after(outcome.latency, work);
            }
            if let Some(fault) = self.faults.strike(Phase::After, &method) {
                self.apply(fault, &parts.uri, &mut outcome);
            }
        }
        self.record(parts, body, address, source, &outcome);
        outcome
    }

    /// The answer to a request whose body is larger than the portal takes: that of the web server in front.
    pub(crate) fn refuse_body(&mut self, source: IpAddr, parts: Parts) -> Outcome {
        let outcome =
            Outcome { response: reply::body_too_large(), latency: self.config.latency, delivery: Delivery::Whole };
        let address = Address::parse(parts.uri.path());
        self.record(parts, Bytes::new(), address, source, &outcome);
        outcome
    }

    /// Whether a fault cuts the connection before the body of this request is read.
    ///
    /// A server asks this with the head in hand and resets the connection on true; the request is recorded then.
    pub fn cuts_unread(&mut self, source: IpAddr, head: &Parts) -> bool {
        let address = Address::parse(head.uri.path());
        let method = address.as_ref().map_or("", |address| address.method.as_str()).to_owned();
        let cut = self.faults.strike(Phase::Unread, &method).is_some();
        if cut {
            let outcome = Outcome { response: reply::not_rest(), latency: Duration::ZERO, delivery: Delivery::Reset };
            self.record(head.clone(), Bytes::new(), address, source, &outcome);
        }
        cut
    }

    /// Queues a fault.
    pub fn fault(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Forgets all queued faults.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Forgets all recorded requests.
    pub fn clear_requests(&mut self) {
        self.log.clear();
    }

    /// The most recent requests, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.log.all()
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

    fn record(&mut self, parts: Parts, body: Bytes, address: Option<Address>, source: IpAddr, outcome: &Outcome) {
        let answered = !matches!(outcome.delivery, Delivery::Close | Delivery::Reset);
        self.log.push(RecordedRequest {
            version: address.as_ref().map(|address| address.version),
            method: address.map(|address| address.method).unwrap_or_default(),
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
