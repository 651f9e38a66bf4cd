//! From one batch to the next.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use b24_core::{Error, ErrorKind, SdkCode};
use tokio::{sync::watch, time::Instant};

use super::{
    Doorbell, OfflineBatch,
    batch::InHand,
    queue::{Page, Query, Queue},
};
use crate::RestService;

/// What a puller is to do.
pub(super) struct Plan<S> {
    pub(super) queue: Queue<S>,
    pub(super) query: Query,
    /// Reservations that are read first.
    pub(super) resume: VecDeque<Resume>,
    /// Whether nobody else takes from the queue.
    pub(super) sole: bool,
    /// Between two looks when there is nothing.
    pub(super) every: Duration,
}

/// Everything a puller knows. It moves into the future of the step that is under way, and out of it again.
pub(super) struct Puller<S> {
    plan: Plan<S>,
    /// When it was last looked for what is left over; none asks for it before anything new is taken.
    looked_back: Option<Instant>,
    in_hand: InHand,
    rings: watch::Receiver<()>,
    /// Kept, because nobody hears a bell that is gone.
    _bell: Doorbell,
    rest: Rest,
}

/// A reservation that is read again, and how far that has come.
pub(super) struct Resume {
    process_id: Arc<str>,
    after: Option<u64>,
}

#[derive(PartialEq)]
enum Rest {
    /// There may be more.
    None,
    /// Until the bell or the timer.
    First,
    /// For ever: no later attempt can help.
    ForEver,
}

type Item<S> = Option<Result<OfflineBatch<S>, Error>>;

impl Resume {
    pub(super) fn new(process_id: Arc<str>) -> Self {
        Self { process_id, after: None }
    }

    pub(super) fn is_of(&self, process_id: &str) -> bool {
        *self.process_id == *process_id
    }
}

impl<S: RestService> Puller<S> {
    pub(super) fn new(plan: Plan<S>, bell: Doorbell) -> Self {
        let rings = bell.listen();
        Self { plan, looked_back: None, in_hand: InHand::default(), rings, _bell: bell, rest: Rest::None }
    }

    /// Waits, asks, and waits again, until there is something to tell.
    pub(super) async fn step(mut self) -> (Self, Item<S>) {
        loop {
            match self.rest {
                Rest::None => {}
                Rest::First => self.pause().await,
                Rest::ForEver => return (self, None),
            }
            // Whoever rang before this is served by what is asked now.
            self.rings.mark_unchanged();
            match self.ask().await {
                Ok(Some(batch)) => return (self, Some(Ok(batch))),
                Ok(None) => {}
                Err(error) => {
                    self.rest = if may_pass(&error) { Rest::First } else { Rest::ForEver };
                    return (self, Some(Err(error)));
                }
            }
        }
    }

    async fn pause(&mut self) {
        tokio::select! {
            _ = self.rings.changed() => {}
            () = tokio::time::sleep(self.plan.every) => {}
        }
    }

    /// One request. Says in `rest` whether the next one is to follow at once.
    async fn ask(&mut self) -> Result<Option<OfflineBatch<S>>, Error> {
        // Not at the start and after a lost answer alone: a batch may have been given up since, and a request whose answer was
        // lost may have come to its end after the last look.
        if self.plan.sole && self.looked_back.is_none_or(|at| at.elapsed() >= self.plan.every) {
            self.look_back().await?;
        }
        self.rest = Rest::None;
        if !self.plan.resume.is_empty() {
            return self.read_again().await;
        }
        let page = match self.plan.queue.clone().take(self.plan.query.clone()).await {
            Ok(page) => page,
            Err(error) => {
                // The events are reserved, and only the portal knows under which id.
                if error.may_have_run() {
                    self.looked_back = None;
                }
                return Err(error);
            }
        };
        if !self.is_full(&page) {
            self.rest = Rest::First;
        }
        let Page { process_id, events } = page;
        let process_id = process_id.filter(|id| !id.is_empty() && !self.plan.query.delete).map(Arc::from);
        Ok((!events.is_empty()).then(|| OfflineBatch::new(self.plan.queue.clone(), process_id, events, &self.in_hand)))
    }

    async fn look_back(&mut self) -> Result<(), Error> {
        for left in self.plan.queue.clone().reservations().await? {
            let id = left.process_id;
            if !self.in_hand.holds(&id) && !self.plan.resume.iter().any(|known| known.is_of(&id)) {
                self.plan.resume.push_back(Resume::new(id.into()));
            }
        }
        self.looked_back = Some(Instant::now());
        Ok(())
    }

    async fn read_again(&mut self) -> Result<Option<OfflineBatch<S>>, Error> {
        let Some(Resume { process_id, after }) = self.plan.resume.front() else { return Ok(None) };
        let (process_id, after) = (Arc::clone(process_id), *after);
        let page = self.plan.queue.clone().read_again(&process_id, after, self.plan.query.limit).await?;
        // A reservation may be larger than a page: somebody else's pages were.
        let last = page.events.iter().map(|event| event.id).max().filter(|_| self.is_full(&page));
        match (last, self.plan.resume.front_mut()) {
            (Some(last), Some(first)) if Some(last) > after => first.after = Some(last),
            _ => drop(self.plan.resume.pop_front()),
        }
        let Page { events, .. } = page;
        Ok((!events.is_empty())
            .then(|| OfflineBatch::new(self.plan.queue.clone(), Some(process_id), events, &self.in_hand)))
    }

    fn is_full(&self, page: &Page) -> bool {
        u32::try_from(page.events.len()).map_or(true, |events| events >= self.plan.query.limit)
    }
}

/// Whether a later attempt may succeed. Refusals of the portal are final, but for those that pass by themselves: its
/// limits, its own failures. What is no answer of a portal at all may be one tomorrow.
fn may_pass(error: &Error) -> bool {
    let no_answer = matches!(error.kind(), ErrorKind::Transport | ErrorKind::Decode);
    error.is_retryable() || no_answer && error.code() != SdkCode::RedirectRefused.as_str()
}
