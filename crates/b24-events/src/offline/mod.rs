//! Offline events: a queue in the portal, of what has changed, that a program empties when it suits it.
//!
//! For programs that the portal cannot reach, or that are not always there. The portal keeps one row for an object, however
//! often it changes. [`OfflineEvents`] takes the rows in batches. Each batch stays reserved until it is confirmed, so that
//! nothing is lost when the program is killed:
//!
//! ```no_run
//! use b24_events::{OfflineEvents, RestService};
//! use serde_json::Value;
//!
//! async fn follow<S: RestService>(b24: S) {
//!     // The one program that takes from this queue: it also takes up what its last run has left.
//!     let mut events = OfflineEvents::builder(b24).sole_consumer().build();
//!     while let Some(batch) = events.next().await {
//!         let batch = match batch {
//!             Ok(batch) => batch,
//!             // One that passes: the next batch comes after it. One that does not: nothing comes after it.
//!             Err(error) => { eprintln!("{error}"); continue }
//!         };
//!         for event in batch.events() {
//!             println!("{}: {}", event.name, event.raw_data());
//!         }
//!         if let Err(error) = batch.confirm().await {
//!             eprintln!("these will come again: {error}");
//!         }
//!     }
//! }
//! ```
//!
//! Several programs can share a queue: the portal gives each of them other rows. Then each stores the id of a batch before
//! it works on it, and begins with the ids that it has stored:
//!
//! ```no_run
//! # use b24_core::Error;
//! # use b24_events::{OfflineEvents, RestService};
//! # async fn example<S: RestService>(b24: S, stored: Option<String>, store: impl Fn(Option<&str>)) -> Result<(), Error> {
//! let mut events = OfflineEvents::builder(b24);
//! if let Some(process_id) = &stored {
//!     events = events.resume(process_id);
//! }
//! let mut events = events.build();
//! while let Some(batch) = events.next().await {
//!     let batch = batch?;
//!     store(batch.process_id());
//!     // ... work ...
//!     batch.confirm().await?;
//!     store(None);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! What remains is the answer that gets lost on its way: its rows are reserved under an id that the portal drew and nobody
//! heard. A program cannot give an id of its own. So such a request is never sent again by itself, its error says
//! [`may_have_run`](b24_core::Error::may_have_run), and its rows are to be found with
//! [`reservations`](OfflineEventsBuilder::reservations). A [sole consumer](OfflineEventsBuilder::sole_consumer) does all
//! that by itself.
//!
//! The handlers are bound with [`Binding::offline`](crate::binding::Binding::offline). All of this takes the credentials of
//! an application, and of an administrator.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/events/offline-events.html>

mod batch;
mod builder;
mod doorbell;
mod event;
mod pull;
mod queue;

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::Error;
pub use batch::{OfflineBatch, Told};
pub use builder::OfflineEventsBuilder;
pub use doorbell::Doorbell;
pub use event::OfflineEvent;
use futures_util::Stream;
use pull::Puller;
pub use queue::Reservation;

use crate::RestService;

/// Takes offline events from a portal, batch after batch. Works inside of a tokio runtime with its timer.
///
/// It asks at once when the last batch was full, and else when the [`Doorbell`] rings or the
/// [time](OfflineEventsBuilder::poll_every) is over. An empty queue brings no batch.
///
/// # Errors
/// Each comes once, in place of a batch. After one that may pass it goes on with the bell or the timer: no answer, a
/// failure of the portal, its limits, an answer that cannot be read. After one that will not pass nothing more comes: a plan
/// that cannot reserve (`WRONG_LICENSE`), credentials or rights that were refused, a wrong filter. So it never ends without
/// an error before, and never by itself while the queue can be read.
///
/// # Cancel safety
/// [`next`](Self::next) and the stream can be dropped and asked again: what is under way goes on with the next asking. When
/// the puller itself is dropped in the middle of a request, its rows stay reserved, as after a lost answer: see the
/// [module](self).
///
/// Source: <https://apidocs.bitrix24.com/api-reference/events/event-offline-get.html>
#[must_use = "a puller does nothing until events are asked for"]
pub struct OfflineEvents<S>(State<S>);

enum State<S> {
    Idle(Box<Puller<S>>),
    Busy(Pin<Box<dyn Future<Output = Step<S>> + Send>>),
    /// Between the two; also after a panic.
    Gone,
}

type Step<S> = (Puller<S>, Option<Result<OfflineBatch<S>, Error>>);

impl<S: RestService> OfflineEvents<S> {
    /// All events of the queue without a key, in batches of 50, asked for each minute.
    pub fn new(service: S) -> Self {
        Self::builder(service).build()
    }

    /// The same with settings of yours.
    pub fn builder(service: S) -> OfflineEventsBuilder<S> {
        OfflineEventsBuilder::new(service)
    }

    fn of(puller: Puller<S>) -> Self {
        Self(State::Idle(Box::new(puller)))
    }

    /// The next batch; waits until there is one. `None` after an error that will not pass.
    ///
    /// # Errors
    /// See [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Nothing is lost: see [the type](Self#cancel-safety).
    pub async fn next(&mut self) -> Option<Result<OfflineBatch<S>, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<S: RestService> Stream for OfflineEvents<S> {
    type Item = Result<OfflineBatch<S>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let state = &mut self.0;
        if let State::Idle(_) = state {
            if let State::Idle(puller) = std::mem::replace(state, State::Gone) {
                *state = State::Busy(Box::pin(puller.step()));
            }
        }
        let State::Busy(step) = state else { return Poll::Ready(None) };
        let (puller, item) = ready!(step.as_mut().poll(context));
        *state = State::Idle(Box::new(puller));
        Poll::Ready(item)
    }
}

impl<S> fmt::Debug for OfflineEvents<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OfflineEvents").finish_non_exhaustive()
    }
}
