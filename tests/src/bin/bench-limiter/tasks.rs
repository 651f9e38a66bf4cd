//! The smallest executor there is: what it costs is not what is measured.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

/// Tasks by their numbers, and those that are to be polled. Numbers are used again for the next tasks.
pub(crate) struct Tasks {
    wakers: Vec<Waker>,
    woken: Arc<Woken>,
    /// How often a task was polled.
    pub(crate) polls: u64,
}

#[derive(Default)]
struct Woken(Mutex<VecDeque<usize>>);

struct Task {
    number: usize,
    woken: Arc<Woken>,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(self.number);
    }
}

impl Tasks {
    /// Room for so many tasks at a time.
    pub(crate) fn new(count: usize) -> Self {
        let woken = Arc::<Woken>::default();
        let waker = |number| Arc::new(Task { number, woken: Arc::clone(&woken) }).into();
        Self { wakers: (0..count).map(waker).collect(), woken, polls: 0 }
    }

    /// Polls one task.
    pub(crate) fn poll<F: Future>(&mut self, number: usize, task: Pin<&mut F>) -> Poll<F::Output> {
        self.polls += 1;
        task.poll(&mut Context::from_waker(&self.wakers[number]))
    }

    /// The next task that was woken.
    pub(crate) fn woken(&self) -> Option<usize> {
        self.woken.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}
