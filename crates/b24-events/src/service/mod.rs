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
mod future;
mod read;
mod reception;
mod sources;

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

pub use answer::ResponseBody;
use b24_core::BoxError;
pub use builder::EventServiceBuilder;
pub use future::ResponseFuture;
use http::{Request, Response};
use http_body::Body;
use reception::Reception;
pub use sources::AllowedSources;
use tower_service::Service;

use crate::{Stats, Verify};

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
    pub(crate) reception: Arc<Reception>,
}

impl EventService {
    /// Begins a service that lets through what `verification` does: an [`ApplicationToken`](crate::ApplicationToken) for
    /// outgoing webhooks and for an application of one portal, [`PortalTokens`](crate::PortalTokens) for one of many.
    pub fn builder(verification: impl Verify) -> EventServiceBuilder {
        EventServiceBuilder::new(Arc::new(verification))
    }

    /// What was counted so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.reception.shared.counters.snapshot()
    }

    /// Has the worker look into its inbox: what a program has revived there is not heard of otherwise until something comes.
    pub fn wake(&self) {
        self.reception.shared.bell.notify_one();
    }

    /// Waits until everything that was taken before has come to an end, or has failed and waits for its next attempt. For
    /// tests, and for programs that are done when there is nothing left to do.
    ///
    /// It takes a worker that runs. When that ends, so does the wait.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn settled(&self) {
        let told = self.reception.shared.waiting.add();
        self.reception.shared.bell.notify_one();
        // Who does not tell has ended.
        let _ended = told.await;
    }

    fn new(reception: Reception) -> Self {
        Self { reception: Arc::new(reception) }
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
        let reception = Arc::clone(&self.reception);
        ResponseFuture::new(async move { reception.receive(request).await.into_response() })
    }
}

impl fmt::Debug for EventService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventService").field("inbox", &self.reception.shared.inbox).finish_non_exhaustive()
    }
}
