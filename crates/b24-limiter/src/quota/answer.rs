//! An answer that may be there already.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// What a store answers: at once, which costs no allocation, or later.
#[must_use = "futures do nothing unless polled"]
pub struct Answer<T>(State<T>);

enum State<T> {
    Now(Option<T>),
    Later(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> Answer<T> {
    /// An answer that is there.
    pub fn now(answer: T) -> Self {
        Self(State::Now(Some(answer)))
    }

    /// An answer that is to come. It may be polled by one caller after another, and be dropped before it is there.
    pub fn later(answer: impl Future<Output = T> + Send + 'static) -> Self {
        Self(State::Later(Box::pin(answer)))
    }
}

impl<T: Unpin> Future for Answer<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        match &mut self.0 {
            // Polled again after its end, as any future must not be, it never ends.
            State::Now(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            State::Later(answer) => answer.as_mut().poll(cx),
        }
    }
}

impl<T> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Now(_) => "Answer::now",
            State::Later(_) => "Answer::later",
        })
    }
}
