//! What stands at the address that the portal posts to: it reads, keeps, and answers.
//!
//! | request | answer | why |
//! |---|---|---|
//! | a `POST` with a form or JSON, whatever is in it | 200, once the [inbox](crate::inbox) has it | the portal may repeat for a day what is answered otherwise, and slows down for receivers that take long; a forged one learns nothing |
//! | the inbox is full or broken, the worker is about to end | 503 | nothing was kept: a portal that repeats brings it again, and one that does not has lost it either way |
//! | another method | 405 | the portal only posts |
//! | another type of body, or none | 415 | the portal sends forms |
//! | a body over the limit | 413, unread where its length is said | the portal's are some kilobytes; what does not fit now will not fit tomorrow |
//! | a body that does not arrive in 10 s | 408 | the portal's arrives at once |
//! | an address that is not on the list, where there is one | 403 | it is not the portal, or the list is old: then what is repeated arrives when the list is new |
//!
//! Sources: <https://apidocs.bitrix24.com/api-reference/events/index.html>

mod answer;
mod builder;
mod door;
mod future;
mod read;
mod sources;

use std::{
    convert::Infallible,
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

pub(crate) use answer::Answer;
pub use answer::ResponseBody;
use b24_core::{BoxError, keys};
pub use builder::EventServiceBuilder;
use bytes::Bytes;
pub(crate) use door::Door;
pub use future::ResponseFuture;
use http::{Method, Request, Response, header, request::Parts};
use http_body::Body;
use read::Whole;
pub use sources::AllowedSources;
use tokio::sync::Notify;
use tower_service::Service;

use crate::{
    Encoding, Inbox, Stats, Verify,
    inbox::{InboxErrorKind, Letter},
    worker::{Clock, Counters, Waiting},
};

/// Receives what the portal posts, as a `tower` service: in axum, in plain hyper, anywhere.
///
/// It keeps each delivery in an [inbox](crate::inbox) and answers; the [`Worker`](crate::Worker) that comes with it verifies
/// and handles. Clones are cheap and are the same service. It is always ready, and never fails.
///
/// ```
/// use b24_core::Secret;
/// use b24_events::{ApplicationToken, Event, EventService, Verified};
///
/// # fn example(token: Secret) -> Result<(), b24_core::Error> {
/// let (service, worker) = EventService::builder(ApplicationToken::new(token))
///     .on("ONCRMDEALADD", |event: Verified<Event>| async move {
///         println!("a new deal: {}", event.raw_data()["FIELDS"]["ID"]);
///         Ok(())
///     })
///     .build()?;
/// // tokio::spawn(worker.run());
/// // axum: Router::new().route_service("/events", service)
/// # let _ = (service, worker);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EventService {
    pub(crate) shared: Arc<Shared>,
}

/// What the service and its worker have in common.
pub(crate) struct Shared {
    pub(crate) inbox: Arc<dyn Inbox>,
    pub(crate) counters: Counters,
    pub(crate) clock: Clock,
    /// Rings when something was kept.
    pub(crate) bell: Notify,
    /// Whether deliveries are taken.
    pub(crate) door: Door,
    limits: Limits,
    /// Bytes of bodies that are being read, or wait for the inbox.
    on_the_way: AtomicUsize,
    /// Who waits for the worker to come to rest.
    pub(crate) waiting: Waiting,
    /// Whether there was no room for the last delivery.
    has_no_room: AtomicBool,
}

struct Limits {
    body: usize,
    sources: Option<(AllowedSources, SourceOf)>,
}

/// Tells who has sent a request.
type SourceOf = Box<dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync>;

impl EventService {
    /// Begins a service that lets through what `verification` does: an [`ApplicationToken`](crate::ApplicationToken) for
    /// outgoing webhooks and for an application of one portal, [`PortalTokens`](crate::PortalTokens) for one of many.
    pub fn builder(verification: impl Verify) -> EventServiceBuilder {
        EventServiceBuilder::new(Arc::new(verification))
    }

    /// What was counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }

    /// Has the worker look into its inbox: what a program has revived there is not heard of otherwise until something comes.
    pub fn wake(&self) {
        self.shared.bell.notify_one();
    }

    /// Waits until everything that was taken before has come to an end, or has failed and waits for its next attempt. For
    /// tests, and for programs that are done when there is nothing left to do.
    ///
    /// It takes a worker that runs. When that ends, so does the wait.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn settled(&self) {
        let told = self.shared.waiting.add();
        self.shared.bell.notify_one();
        // Who does not tell has ended.
        let _ended = told.await;
    }

    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }
}

impl<B> Service<Request<B>> for EventService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<ResponseBody>;
    type Error = Infallible;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> ResponseFuture {
        let shared = Arc::clone(&self.shared);
        ResponseFuture::new(async move {
            let answer = shared.receive(request).await;
            shared.counters.answered(answer);
            answer.log(shared.is_news(answer));
            answer.into_response()
        })
    }
}

impl Shared {
    async fn receive<B>(&self, request: Request<B>) -> Answer
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (head, body) = request.into_parts();
        let encoding = match self.admit(&head) {
            Ok(encoding) => encoding,
            Err(refusal) => return refusal,
        };
        if self.door.is_shut() {
            return Answer::Closing;
        }
        match read::body(body, self.limits.body, &self.on_the_way).await {
            Ok(Whole { bytes, share }) => {
                let answer = self.keep(bytes, encoding).await;
                // Not before: an inbox that is slow would be waited for by more than there is memory.
                drop(share);
                answer
            }
            Err(refusal) => refusal,
        }
    }

    /// Whether this is the first for which there is no room, after there was some.
    fn is_news(&self, answer: Answer) -> bool {
        match answer {
            Answer::Kept => {
                self.has_no_room.store(false, Ordering::Relaxed);
                false
            }
            _ => answer.lacks_room() && !self.has_no_room.swap(true, Ordering::Relaxed),
        }
    }

    /// What can be told before the body is read.
    fn admit(&self, head: &Parts) -> Result<Encoding, Answer> {
        if head.method != Method::POST {
            return Err(Answer::WrongMethod);
        }
        if let Some((allowed, source_of)) = &self.limits.sources {
            let source = source_of(head);
            if !source.is_some_and(|source| allowed.contains(source)) {
                return Err(Answer::WrongSource(source));
            }
        }
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let encoding = text(header::CONTENT_TYPE).and_then(Encoding::of_content_type).ok_or(Answer::WrongType)?;
        let length = text(header::CONTENT_LENGTH).and_then(|length| length.trim().parse::<u64>().ok());
        if length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > self.limits.body)) {
            return Err(Answer::TooLarge);
        }
        Ok(encoding)
    }

    async fn keep(&self, body: Bytes, encoding: Encoding) -> Answer {
        let Some(inside) = self.door.enter().await else { return Answer::Closing };
        // Also when the sender leaves now: the letter may be kept all the same.
        let mut ring = Ring(Some(&self.bell));
        let kept = self.inbox.append(Letter::new(body, encoding, self.clock.now())).await;
        drop(inside);
        if kept.is_err() {
            ring.0 = None;
        }
        match kept {
            Ok(()) => Answer::Kept,
            Err(error) if error.kind() == InboxErrorKind::Full => Answer::Full,
            Err(error) => {
                tracing::error!(target: keys::TARGET_EVENTS, error = &error as &dyn std::error::Error, "a delivery was not kept");
                Answer::Broken
            }
        }
    }
}

/// Rings the bell when it is dropped.
struct Ring<'a>(Option<&'a Notify>);

impl Drop for Ring<'_> {
    fn drop(&mut self) {
        if let Some(bell) = self.0 {
            bell.notify_one();
        }
    }
}

impl fmt::Debug for EventService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventService").field("inbox", &self.shared.inbox).finish_non_exhaustive()
    }
}
