//! What becomes of one delivery: read, verified, told apart from what was handled before, handled.

use std::{error::Error, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use b24_core::{BoxError, keys};
use futures_util::FutureExt;
use tracing::Instrument;

use super::{
    handlers::{Handler, Handlers},
    rules::{Rules, pause},
    under_way::{Claim, UnderWay},
};
use crate::{
    Fingerprint, Incoming, Verdict, Verified, Verify,
    inbox::{InboxError, TakenLetter},
    shared::{Shared, add},
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
    /// It is done with. With a fingerprint it is not to be handled again.
    Done(Option<Fingerprint>),
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
                    let (end, _claim) = caught(self.look_at(incoming)).await;
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

    /// Tells the inbox, again and again while it fails: a letter that it believes to be at work would lie there until the
    /// process is started again.
    async fn settle(&self, taken: &TakenLetter, end: End) -> Option<Duration> {
        let again = self.account(taken, &end);
        let mut wait = Duration::from_secs(1);
        while let Err(error) = self.tell(taken, &end, again).await {
            complain(&error);
            tokio::time::sleep(wait).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
        again
    }

    /// Counts and logs a failure. Gives the pause after which the letter is due again, if it is.
    fn account(&self, taken: &TakenLetter, end: &End) -> Option<Duration> {
        let End::Failed(error) = end else { return None };
        add(&self.shared.counters.failed);
        let failures = taken.attempts.saturating_add(1);
        let again = pause(failures);
        if let Some(pause) = again {
            tracing::warn!(target: keys::TARGET_EVENTS, error = shown(error), "not handled, and tried again in {pause:?}");
        } else {
            add(&self.shared.counters.buried);
            tracing::error!(target: keys::TARGET_EVENTS, error = shown(error), "not handled in {failures} attempts, and put aside");
        }
        again
    }

    async fn tell(&self, taken: &TakenLetter, end: &End, again: Option<Duration>) -> Result<(), InboxError> {
        let (inbox, now) = (&self.shared.inbox, self.shared.now());
        match (end, again) {
            (End::Done(handled), _) => inbox.acknowledge(taken.id, *handled, now).await,
            (End::Failed(_), Some(pause)) => inbox.postpone(taken.id, now + pause).await,
            (End::Failed(_), None) => inbox.bury(taken.id).await,
        }
    }

    /// What becomes of it, and the claim on its event: it is held until that is written down, since until then nobody else
    /// can know.
    async fn look_at(&self, incoming: Incoming) -> (End, Option<Claim>) {
        if let Some(end) = self.mistrust(&incoming).await {
            return (end, None);
        }
        // Only now: who is not the portal must not have a say in what was handled.
        let event = incoming.fingerprint();
        let Some(claim) = self.under_way.claim(event) else {
            add(&self.shared.counters.duplicates);
            tracing::debug!(target: keys::TARGET_EVENTS, "dropped the second delivery of an event that is being handled");
            return (End::Done(None), None);
        };
        (self.handle_once(incoming, event).await, Some(claim))
    }

    /// The end of what is not let through.
    async fn mistrust(&self, incoming: &Incoming) -> Option<End> {
        let counters = &self.shared.counters;
        let checked = tokio::time::timeout(self.rules.timeout, self.verification.verify(incoming)).await;
        match checked.unwrap_or_else(|_| Err("whether it is genuine took too long to tell".into())) {
            Ok(Verdict::Genuine) => None,
            Ok(Verdict::UnknownPortal) => {
                add(&counters.unknown_portal);
                tracing::info!(target: keys::TARGET_EVENTS, "dropped an event of a portal that is not known");
                Some(End::Done(None))
            }
            Ok(_) => {
                add(&counters.forged);
                tracing::warn!(target: keys::TARGET_EVENTS, "dropped an event that does not prove where it comes from");
                Some(End::Done(None))
            }
            Err(error) => Some(End::Failed(error)),
        }
    }

    async fn handle_once(&self, incoming: Incoming, event: Fingerprint) -> End {
        let counters = &self.shared.counters;
        match self.shared.inbox.was_handled(event, self.shared.now()).await {
            Ok(false) => {}
            Ok(true) => {
                add(&counters.duplicates);
                tracing::debug!(target: keys::TARGET_EVENTS, "dropped the second delivery of an event that was handled");
                return End::Done(None);
            }
            Err(error) => return End::Failed(error.into()),
        }
        let mut missing = "there is no handler for it";
        let handled = match incoming {
            Incoming::Event(event) => {
                let handler = self.handlers.events.find(event.name()).cloned();
                self.call(handler, event).await
            }
            Incoming::Robot(call) => {
                let handler = self.handlers.robots.find(call.code()).cloned();
                self.call(handler, call).await
            }
            // What is answered here is nothing to look at.
            Incoming::Page(_) => {
                missing =
                    "a page of the application was opened here, and its user sees nothing: it needs another address";
                None
            }
        };
        match handled {
            Some(Ok(())) => {
                add(&counters.handled);
                tracing::debug!(target: keys::TARGET_EVENTS, "handled");
                End::Done(Some(event))
            }
            Some(Err(error)) => End::Failed(error),
            None => {
                add(&counters.unhandled);
                tracing::info!(target: keys::TARGET_EVENTS, "{missing}");
                End::Done(Some(event))
            }
        }
    }

    async fn call<T: 'static>(&self, handler: Option<Handler<T>>, delivery: T) -> Option<Result<(), BoxError>> {
        let handler = handler?;
        let ran = tokio::time::timeout(self.rules.timeout, handler(Verified::new(delivery))).await;
        Some(ran.unwrap_or_else(|_| Err("the handler has taken too long".into())))
    }
}

/// Between two attempts to tell a failing inbox.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A panic is a failure like any other, and goes no further.
async fn caught(looking: impl Future<Output = (End, Option<Claim>)>) -> (End, Option<Claim>) {
    // What it has left half done is its own affair: nothing of ours is in its hands.
    AssertUnwindSafe(looking).catch_unwind().await.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        (End::Failed(format!("panicked: {}", text.unwrap_or("without a word")).into()), None)
    })
}

pub(super) fn complain(error: &InboxError) {
    tracing::error!(target: keys::TARGET_EVENTS, error = error as &dyn Error,
        "the inbox failed: until it works again, what was handled can come again after a restart");
}

/// A name from outside, for the log: short, and on one line.
fn printable(name: &str) -> String {
    name.chars().take(64).map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

fn shown(error: &BoxError) -> &(dyn Error + 'static) {
    &**error
}
