//! What becomes of one delivery: read, verified, told apart from what was handled before, handled.

use std::{error::Error, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use b24_core::{BoxError, keys};
use futures_util::FutureExt;
use tracing::Instrument;

use super::{
    handlers::{Handler, Handlers},
    rules::{Rules, pause},
    stats::add,
    under_way::{Claim, UnderWay},
};
use crate::{
    Incoming, Verdict, Verified, Verify,
    inbox::{InboxError, TakenLetter},
    service::Shared,
};

/// What handling needs; shared by all that is under way.
pub(super) struct Desk {
    pub(super) shared: Arc<Shared>,
    pub(super) verification: Arc<dyn Verify>,
    pub(super) handlers: Handlers,
    pub(super) rules: Rules,
    pub(super) under_way: UnderWay,
}

/// What is to become of a letter.
enum End {
    /// It is done with. With a claim its event is not to be handled again: another delivery of it must not get the claim
    /// before the inbox remembers the event.
    Done(Option<Claim>),
    /// It did not work this time.
    Failed(BoxError),
}

impl Desk {
    /// Handles one letter, whatever is in it, and tells the inbox. Gives the pause after which it is due again, if it is.
    ///
    /// # Cancel safety
    /// Dropped, the letter stays in the inbox as taken.
    pub(super) async fn handle(&self, taken: TakenLetter) -> Option<Duration> {
        match Incoming::decode(taken.letter.encoding, &taken.letter.body) {
            Ok(incoming) => {
                let name = printable(incoming.name());
                let span = tracing::info_span!(target: keys::TARGET_EVENTS, keys::SPAN_EVENT, { keys::EVENT } = name);
                let handled = async {
                    let end = caught(self.look_at(incoming)).await;
                    self.settle(&taken, end).await
                };
                handled.instrument(span).await
            }
            Err(error) => {
                add(&self.shared.counters.malformed);
                tracing::warn!(target: keys::TARGET_EVENTS, "dropped what is no event: {error}");
                self.settle(&taken, End::Done(None)).await
            }
        }
    }

    /// Tells the inbox.
    async fn settle(&self, taken: &TakenLetter, end: End) -> Option<Duration> {
        let now = self.shared.clock.now();
        let inbox = &self.shared.inbox;
        let mut again = None;
        let told = match end {
            End::Done(claim) => inbox.acknowledge(taken.id, claim.as_ref().map(Claim::event), now).await,
            End::Failed(error) => {
                add(&self.shared.counters.failed);
                let failures = taken.attempts.saturating_add(1);
                again = pause(failures);
                if let Some(pause) = again {
                    tracing::warn!(target: keys::TARGET_EVENTS, error = shown(&error), "not handled, and tried again in {pause:?}");
                    inbox.postpone(taken.id, now + pause).await
                } else {
                    add(&self.shared.counters.buried);
                    tracing::error!(target: keys::TARGET_EVENTS, error = shown(&error), "not handled in {failures} attempts, and put aside");
                    inbox.bury(taken.id).await
                }
            }
        };
        if let Err(error) = told {
            complain(&error);
        }
        again
    }

    async fn look_at(&self, incoming: Incoming) -> End {
        let counters = &self.shared.counters;
        match self.verification.verify(&incoming).await {
            Ok(Verdict::Genuine) => {}
            Ok(Verdict::UnknownPortal) => {
                add(&counters.unknown_portal);
                tracing::info!(target: keys::TARGET_EVENTS, "dropped an event of a portal that is not known");
                return End::Done(None);
            }
            Ok(_) => {
                add(&counters.forged);
                tracing::warn!(target: keys::TARGET_EVENTS, "dropped an event that does not prove where it comes from");
                return End::Done(None);
            }
            Err(error) => return End::Failed(error),
        }
        // Only now: who is not the portal must not have a say in what was handled.
        let event = incoming.fingerprint();
        let Some(claim) = self.under_way.claim(event) else {
            add(&counters.duplicates);
            tracing::debug!(target: keys::TARGET_EVENTS, "dropped the second delivery of an event that is being handled");
            return End::Done(None);
        };
        match self.shared.inbox.was_handled(event, self.shared.clock.now()).await {
            Ok(false) => {}
            Ok(true) => {
                add(&counters.duplicates);
                tracing::debug!(target: keys::TARGET_EVENTS, "dropped the second delivery of an event that was handled");
                return End::Done(None);
            }
            Err(error) => return End::Failed(error.into()),
        }
        let handled = match incoming {
            Incoming::Event(event) => {
                let handler = self.handlers.events.find(event.name()).cloned();
                self.call(handler, event).await
            }
            Incoming::Robot(call) => {
                let handler = self.handlers.robots.find(call.code()).cloned();
                self.call(handler, call).await
            }
            // A page is for a user who looks at it: what is answered here is nothing to look at.
            _ => None,
        };
        match handled {
            Some(Ok(())) => {
                add(&counters.handled);
                tracing::debug!(target: keys::TARGET_EVENTS, "handled");
                End::Done(Some(claim))
            }
            Some(Err(error)) => End::Failed(error),
            None => {
                add(&counters.unhandled);
                tracing::info!(target: keys::TARGET_EVENTS, "there is no handler for it");
                End::Done(Some(claim))
            }
        }
    }

    async fn call<T: 'static>(&self, handler: Option<Handler<T>>, delivery: T) -> Option<Result<(), BoxError>> {
        let handler = handler?;
        let ran = tokio::time::timeout(self.rules.timeout, handler(Verified::new(delivery))).await;
        Some(ran.unwrap_or_else(|_| Err("the handler has taken too long".into())))
    }
}

/// A panic is a failure like any other, and goes no further.
async fn caught(looking: impl Future<Output = End>) -> End {
    // What it has left half done is its own affair: nothing of ours is in its hands.
    AssertUnwindSafe(looking).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        End::Failed(format!("panicked: {}", text.unwrap_or("without a word")).into())
    })
}

pub(super) fn complain(error: &InboxError) {
    tracing::error!(target: keys::TARGET_EVENTS, error = error as &dyn Error,
        "the inbox failed: what was handled may come again after a restart");
}

/// A name from outside, for the log: short, and on one line.
fn printable(name: &str) -> String {
    name.chars().take(64).map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

fn shown(error: &BoxError) -> &(dyn Error + 'static) {
    &**error
}
