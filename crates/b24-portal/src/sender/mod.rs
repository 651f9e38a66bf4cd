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
use tokio::task::JoinSet;

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
    tasks: JoinSet<()>,
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
        self.start(&mut state);
    }

    /// Waits until nothing is under way.
    pub(crate) async fn idle(self: &Arc<Self>) {
        loop {
            let mut rung = pin!(self.idle.notified());
            rung.as_mut().enable();
            {
                let mut state = self.state();
                if state.open == 0 {
                    return;
                }
                self.start(&mut state);
            }
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
        (state.queue, state.later, state.wires) = (VecDeque::new(), Vec::new(), Vec::new());
        let mut tasks = std::mem::take(&mut state.tasks);
        drop(state);
        tasks.abort_all();
    }

    /// Sees to it that there are workers enough.
    fn start(self: &Arc<Self>, state: &mut State) {
        let Ok(runtime) = Handle::try_current() else { return };
        while state.tasks.try_join_next().is_some() {}
        for job in std::mem::take(&mut state.later) {
            let sender = Arc::clone(self);
            state.tasks.spawn_on(async move { sender.wait_for(job).await }, &runtime);
        }
        for _ in 0..state.queue.len().min(WORKERS.saturating_sub(state.workers)) {
            state.workers += 1;
            let wire = state.wires.pop().unwrap_or_default();
            let worker = Worker { sender: Arc::clone(self), wire, job: None };
            state.tasks.spawn_on(worker.work(), &runtime);
        }
    }

    async fn wait_for(self: Arc<Self>, mut job: Job) {
        self.clock.pass(std::mem::take(&mut job.letter.delay)).await;
        let mut state = self.state();
        state.queue.push_back(job);
        self.start(&mut state);
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
                // In a task of its own, so that a panic is the handler's and not the portal's.
                Some(receiver) => match tokio::spawn(receiver.deliver(request)).await {
                    Ok(answer) => answer,
                    Err(_) => Err("the handler panicked".to_owned()),
                },
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
            self.start(&mut state);
        }
        state.open -= 1;
        if state.open == 0 {
            self.idle.notify_waiters();
        }
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
        self.end(DeliveryFate::Failed("the portal stopped".to_owned()));
        let mut state = self.sender.state();
        state.workers -= 1;
        state.wires.push(std::mem::take(&mut self.wire));
        if !state.queue.is_empty() {
            self.sender.start(&mut state);
        }
    }
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
