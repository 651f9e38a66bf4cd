//! Handles what was received: after the answer, as many at a time as may, each until it is done.

mod delivery;
mod handlers;
mod presence;
mod rules;
#[cfg(test)]
mod tests;
mod under_way;

use std::{
    collections::VecDeque,
    error::Error,
    fmt,
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24_core::keys;

use delivery::{Desk, complain};
pub(crate) use handlers::Handlers;
use presence::Presence;
pub(crate) use rules::Rules;
use tokio::{
    sync::oneshot,
    task::{JoinError, JoinSet},
    time::Instant,
};

use crate::{
    Verify,
    inbox::{InboxFuture, Taken, TakenLetter},
    shared::Shared,
};

/// Verifies and handles what an [`EventService`](crate::EventService) receives. One for each service.
///
/// Spawn [`run_until`](Self::run_until) on a runtime that lives as long as the service. Dropped, it leaves a service that
/// answers 503, unless the inbox keeps what comes for another process.
#[must_use = "nothing is handled until it runs"]
pub struct Worker {
    desk: Arc<Desk>,
    presence: Presence,
}

/// What a worker has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// Handlers that did not end in time, and were dropped.
    pub dropped: usize,
    /// Deliveries that wait in the inbox; those of the dropped handlers are among them. One that outlives the process has
    /// them the next time. 0 where the inbox does not tell.
    pub waiting: usize,
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, verification: Arc<dyn Verify>, handlers: Handlers, rules: Rules) -> Self {
        let presence = Presence(Arc::clone(&shared));
        let under_way = under_way::UnderWay::default();
        Self { desk: Arc::new(Desk { shared, verification, handlers, rules, under_way }), presence }
    }

    /// Works for ever.
    ///
    /// # Cancel safety
    /// Dropped, the handlers that run are dropped too. What they handled and what waits stays in the inbox; of a
    /// [`MemoryInbox`](crate::MemoryInbox) it is lost, and the service answers 503 from then on; with an inbox that outlives
    /// the process it goes on to keep what comes.
    pub async fn run(self) {
        self.run_until(std::future::pending::<()>()).await;
    }

    /// Works until `shutdown` is done, whatever it ends with, then ends in order and says what is left.
    ///
    /// From that moment on the service answers 503. What is being kept at that moment is waited for, and the handlers that
    /// run may end, within the [grace](crate::EventServiceBuilder::grace). Of an inbox that
    /// [forgets](crate::Inbox::forgets) with the process, all that is due is handled first, within the same time.
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
    pub async fn run_until<T>(self, shutdown: impl Future<Output = T>) -> Left {
        let Self { desk, presence: _presence } = self;
        let mut work = Work::new(Arc::clone(&desk));
        work.until(pin!(shutdown)).await;
        desk.shared.door.shut();
        let rest = async {
            desk.shared.door.all_kept().await;
            work.finish().await;
        };
        // Whether the time was enough is told by what is left.
        let _ = tokio::time::timeout(desk.rules.grace, rest).await;
        let dropped = work.tasks.len();
        let last = async {
            work.tasks.shutdown().await;
            desk.shared.inbox.waiting().await
        };
        // Neither a handler that blocks its thread nor an inbox that does not answer keeps the program from its end.
        let waiting = match tokio::time::timeout(AT_LAST, last).await {
            Ok(Ok(waiting)) => waiting,
            Ok(Err(error)) => {
                complain(&error);
                0
            }
            Err(_) => {
                tracing::error!(target: keys::TARGET_EVENTS, "what is left could not be counted in time");
                0
            }
        };
        tracing::info!(target: keys::TARGET_EVENTS, dropped, waiting, "the worker has ended");
        Left { dropped, waiting }
    }
}

/// A worker at work.
struct Work {
    desk: Arc<Desk>,
    /// Each ends with the pause after which its letter is due again.
    tasks: JoinSet<Option<Duration>>,
    /// Taken, and not begun.
    at_hand: VecDeque<TakenLetter>,
    /// The look into the inbox that is under way, and when it began. Whoever stops waiting for it goes on with it later.
    taking: Option<(SystemTime, InboxFuture<'static, Taken>)>,
    /// Whether there may be more to take.
    look: bool,
    /// When to look again although nobody rings.
    due: Option<Instant>,
    /// To be told when there is nothing to do. Each came before the last look into the inbox.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Work {
    fn new(desk: Arc<Desk>) -> Self {
        let (tasks, at_hand) = (JoinSet::new(), VecDeque::new());
        Self { desk, tasks, at_hand, taking: None, look: true, due: None, waiting: Vec::new() }
    }

    /// Begins and ends handlers until `shutdown` is done, also while the inbox does not answer.
    async fn until<T>(&mut self, mut shutdown: Pin<&mut impl Future<Output = T>>) {
        let desk = Arc::clone(&self.desk);
        loop {
            tokio::select! {
                biased;
                () = self.begin() => {}
                _ = &mut shutdown => return,
            }
            if self.tasks.is_empty() && self.at_hand.is_empty() && !self.look {
                for tell in self.waiting.drain(..) {
                    let _gone = tell.send(());
                }
            }
            let due = self.due;
            let alarm = async move {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = &mut shutdown => return,
                Some(ended) = self.tasks.join_next() => self.account(ended),
                () = desk.shared.bell.notified() => self.look = true,
                () = alarm => (self.look, self.due) = (true, None),
            }
        }
    }

    /// Begins as many handlers as there is room and work for.
    ///
    /// # Cancel safety
    /// What was being taken is taken by the next call.
    async fn begin(&mut self) {
        while let Some(ended) = self.tasks.try_join_next() {
            self.account(ended);
        }
        while self.tasks.len() < self.desk.rules.concurrency {
            let Some(letter) = self.next().await else { return };
            let desk = Arc::clone(&self.desk);
            self.tasks.spawn(async move { desk.handle(letter).await });
        }
    }

    /// The next letter: one at hand, else one of the inbox if there may be any.
    async fn next(&mut self) -> Option<TakenLetter> {
        if self.at_hand.is_empty() && self.look {
            let (shared, waiting) = (&self.desk.shared, &mut self.waiting);
            let (now, taking) = self.taking.get_or_insert_with(|| {
                waiting.extend(shared.waiting.take());
                let (inbox, now) = (Arc::clone(&shared.inbox), shared.now());
                (now, Box::pin(async move { inbox.take(AT_ONCE, now).await }))
            });
            let (now, taken) = (*now, taking.await);
            self.taking = None;
            match taken {
                Ok(taken) => {
                    self.look = taken.letters.len() >= AT_ONCE;
                    self.due = taken.next_due.map(|due| Instant::now() + due.duration_since(now).unwrap_or_default());
                    self.at_hand.extend(taken.letters);
                }
                Err(error) => {
                    tracing::error!(target: keys::TARGET_EVENTS, error = &error as &dyn Error,
                        "nothing can be taken from the inbox");
                    shared.waiting.put_back(std::mem::take(waiting));
                    (self.look, self.due) = (false, Some(Instant::now() + AFTER_A_FAILURE));
                }
            }
        }
        self.at_hand.pop_front()
    }

    fn account(&mut self, ended: Result<Option<Duration>, JoinError>) {
        match ended {
            Ok(Some(pause)) => {
                let due = Instant::now() + pause;
                self.due = Some(self.due.map_or(due, |earlier| earlier.min(due)));
            }
            Ok(None) => {}
            // Nothing of the program's panics there: what does is ours.
            Err(error) => tracing::error!(target: keys::TARGET_EVENTS, "a delivery was given up: {error}"),
        }
    }

    /// Lets what is under way end. Of an inbox that forgets, everything is begun that is due; another keeps what was taken
    /// and not begun.
    async fn finish(&mut self) {
        let forgets = self.desk.shared.inbox.forgets();
        self.look = forgets;
        if !forgets {
            self.at_hand.clear();
        }
        loop {
            if forgets {
                self.begin().await;
            }
            match self.tasks.join_next().await {
                Some(ended) => self.account(ended),
                None => return,
            }
        }
    }
}

/// How many letters are taken at once: one look for many.
const AT_ONCE: usize = 256;
const AFTER_A_FAILURE: Duration = Duration::from_secs(1);
/// How long dropped handlers and the inbox have, beyond the grace.
const AT_LAST: Duration = Duration::from_secs(1);

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("handlers", &self.desk.handlers).finish_non_exhaustive()
    }
}
