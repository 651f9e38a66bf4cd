//! The edge that posts letters: over loopback sockets, or into a service of the test's.
//!
//! A few workers at a time take letters from a queue. Whoever fires an event does not wait for them.

mod http1;
mod receiver;

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

use crate::clock::Clock;
use crate::event::{DeliveryFate, DeliveryLog, EventDelivery, OutgoingEvent, Retries};
use http1::Wire;
pub(crate) use receiver::{ByService, Receiver};

/// How many letters are under way at a time.
const WORKERS: usize = 32;
/// How long a handler may take for its answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Posts letters.
#[derive(Debug)]
pub(crate) struct Sender {
    state: Mutex<State>,
    clock: Clock,
    retries: Retries,
    /// Rings when nothing is under way any more.
    idle: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Job>,
    /// Letters whose time has not come.
    later: Vec<Job>,
    workers: usize,
    /// Letters that have not come to an end.
    open: usize,
    log: DeliveryLog,
    receiver: Option<Arc<dyn Receiver>>,
    /// Connections that no worker needs at the moment.
    wires: Vec<Wire>,
    tasks: Vec<AbortHandle>,
    /// Whether the portal is gone.
    closed: bool,
}

/// A letter to be posted.
#[derive(Debug)]
struct Job {
    letter: OutgoingEvent,
    attempt: u32,
    /// Its place in the log.
    number: u64,
}

impl Sender {
    pub(crate) fn new(clock: Clock, retries: Retries, keep: usize) -> Arc<Self> {
        let state = State { log: DeliveryLog::new(keep), ..State::default() };
        Arc::new(Self { state: Mutex::new(state), clock, retries, idle: Notify::new() })
    }

    /// Sends letters into a service from now on.
    pub(crate) fn deliver_to(&self, receiver: Arc<dyn Receiver>) {
        self.state().receiver = Some(receiver);
    }

    /// Takes letters to be posted in the background.
    ///
    /// Outside of a runtime they wait for the next call from within one.
    pub(crate) fn send(self: &Arc<Self>, letters: Vec<OutgoingEvent>) {
        let mut state = self.state();
        for letter in letters {
            state.add(letter, 1);
        }
        drop(state);
        self.start();
    }

    /// Waits until nothing is under way.
    pub(crate) async fn idle(self: &Arc<Self>) {
        loop {
            let mut rung = pin!(self.idle.notified());
            rung.as_mut().enable();
            if self.state().open == 0 {
                return;
            }
            self.start();
            rung.await;
        }
    }

    pub(crate) fn log(&self) -> Vec<EventDelivery> {
        self.state().log.all()
    }

    pub(crate) fn clear_log(&self) {
        self.state().log.clear();
    }

    /// Drops what is under way: nobody is there any more to send it.
    fn close(&self) {
        let mut state = self.state();
        let tasks = std::mem::take(&mut state.tasks);
        *state = State { closed: true, log: std::mem::take(&mut state.log), ..State::default() };
        drop(state);
        for task in tasks {
            task.abort();
        }
    }

    /// Sees to it that there are workers enough.
    ///
    /// A runtime that has ended drops a task while it is spawned, and a dropped task locks the state: nothing is spawned
    /// under the lock.
    fn start(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut state = self.state();
        if state.closed {
            return;
        }
        let late = std::mem::take(&mut state.later);
        let needed = state.queue.len().min(WORKERS.saturating_sub(state.workers));
        state.workers += needed;
        let wires: Vec<Wire> = (0..needed).map(|_| state.wires.pop().unwrap_or_default()).collect();
        drop(state);

        let late = late.into_iter().map(|job| Late { sender: Arc::clone(self), job: Some(job) });
        let late = late.map(|late| runtime.spawn(late.wait()).abort_handle());
        let mut tasks: Vec<AbortHandle> = late.collect();
        let workers =
            wires.into_iter().map(|wire| Worker { sender: Arc::clone(self), wire, job: None, is_done: false });
        tasks.extend(workers.map(|worker| runtime.spawn(worker.work()).abort_handle()));
        let mut state = self.state();
        state.tasks.retain(|task| !task.is_finished());
        state.tasks.extend(tasks);
    }

    async fn post(&self, letter: &OutgoingEvent, receiver: Option<Arc<dyn Receiver>>, wire: &mut Wire) -> DeliveryFate {
        let request = Request::post(&letter.url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::USER_AGENT, "Bitrix24 Webhook Engine");
        let request = match request.body(Full::new(letter.body.clone())) {
            Ok(request) => request,
            Err(error) => return DeliveryFate::Failed(error.to_string()),
        };
        let answer = async {
            match receiver {
                // In a task of its own, so that a panic is the handler's and not the portal's; the set ends it with this.
                Some(receiver) => {
                    let mut own = JoinSet::new();
                    own.spawn(receiver.deliver(request));
                    match own.join_next().await {
                        Some(Ok(answer)) => answer,
                        Some(Err(_)) | None => Err("the handler panicked".to_owned()),
                    }
                }
                None => wire.post(request).await,
            }
        };
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(status)) => DeliveryFate::Answered(status),
            Ok(Err(text)) => DeliveryFate::Failed(text),
            Err(_) => {
                wire.hang_up();
                DeliveryFate::Failed("no answer in time".to_owned())
            }
        }
    }

    fn finish(self: &Arc<Self>, job: Job, fate: DeliveryFate) {
        let is_done = matches!(&fate, DeliveryFate::Answered(status) if status.is_success());
        let mut state = self.state();
        state.log.settle(job.number, fate);
        if !is_done && job.attempt <= self.retries.times {
            let letter = OutgoingEvent { delay: self.retries.pause, ..job.letter };
            state.add(letter, job.attempt + 1);
        }
        state.open = state.open.saturating_sub(1);
        if state.open == 0 {
            self.idle.notify_waiters();
        }
        drop(state);
        self.start();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Posts one letter after the other, until there is none.
struct Worker {
    sender: Arc<Sender>,
    wire: Wire,
    job: Option<Job>,
    /// Whether it has found the queue empty, and is not counted any more.
    is_done: bool,
}

impl Worker {
    async fn work(mut self) {
        while let Some((letter, receiver)) = self.next() {
            let fate = self.sender.post(&letter, receiver, &mut self.wire).await;
            self.end(fate);
        }
    }

    fn next(&mut self) -> Option<(OutgoingEvent, Option<Arc<dyn Receiver>>)> {
        let mut state = self.sender.state();
        self.job = state.queue.pop_front();
        if self.job.is_none() {
            self.is_done = true;
            state.workers = state.workers.saturating_sub(1);
            state.wires.push(std::mem::take(&mut self.wire));
        }
        self.job.as_ref().map(|job| (job.letter.clone(), state.receiver.clone()))
    }

    fn end(&mut self, fate: DeliveryFate) {
        if let Some(job) = self.job.take() {
            self.sender.finish(job, fate);
        }
    }
}

/// Whatever ends a worker, nobody waits for its letter in vain.
impl Drop for Worker {
    fn drop(&mut self) {
        if !self.is_done {
            let mut state = self.sender.state();
            state.workers = state.workers.saturating_sub(1);
            drop(state);
            self.end(stopped());
        }
    }
}

/// A letter whose time has not come.
struct Late {
    sender: Arc<Sender>,
    job: Option<Job>,
}

impl Late {
    async fn wait(mut self) {
        let delay = self.job.as_mut().map(|job| std::mem::take(&mut job.letter.delay));
        self.sender.clock.pass(delay.unwrap_or_default()).await;
        self.sender.state().queue.extend(self.job.take());
        self.sender.start();
    }
}

impl Drop for Late {
    fn drop(&mut self) {
        if let Some(job) = self.job.take() {
            self.sender.finish(job, stopped());
        }
    }
}

fn stopped() -> DeliveryFate {
    DeliveryFate::Failed("the portal stopped".to_owned())
}

impl State {
    fn add(&mut self, letter: OutgoingEvent, attempt: u32) {
        let fate = if letter.lost { DeliveryFate::Lost } else { DeliveryFate::UnderWay };
        let number = self.log.push(EventDelivery {
            event: letter.event.clone(),
            url: letter.url.clone(),
            body: Bytes::clone(&letter.body),
            attempt,
            forged: letter.forged,
            fate,
        });
        if letter.lost {
            return;
        }
        self.open += 1;
        let job = Job { letter, attempt, number };
        if job.letter.delay.is_zero() {
            self.queue.push_back(job);
        } else {
            self.later.push(job);
        }
    }
}

/// Ends the sending with the portal.
#[derive(Debug)]
pub(crate) struct Closer(pub(crate) Arc<Sender>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.close();
    }
}
