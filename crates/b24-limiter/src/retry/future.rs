//! The future of a call that may be sent again: make ready, send, and perhaps wait and begin anew.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use b24_core::{Error, RestRequest, RestResponse, keys};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};
use tower_service::Service;

use super::{
    RetryPolicy, backoff,
    budget::Budget,
    decide::{Verdict, judge},
};

pin_project! {
    /// The future of [`Retry`](super::Retry).
    ///
    /// # Cancel safety
    /// Dropping it drops the send that is under way, which may have run, or the wait before the next one.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S>
    where
        S: Service<RestRequest>,
    {
        inner: S,
        request: RestRequest,
        policy: Arc<RetryPolicy>,
        budget: Budget,
        // When the first poll came: the deadline of the whole call runs from there.
        started: Option<Instant>,
        // How often it has been sent again.
        repeats: u32,
        // How often the layers below have sent it, all in all.
        attempts: u32,
        #[pin]
        state: State<S::Future>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        // Waiting until the inner service takes the call.
        Ready,
        // Sent.
        Sent { #[pin] answer: F },
        // Waiting before the next send.
        Waiting { #[pin] sleep: Sleep },
    }
}

impl<S: Service<RestRequest>> ResponseFuture<S> {
    pub(super) fn new(inner: S, request: RestRequest, policy: Arc<RetryPolicy>, budget: Budget) -> Self {
        Self { inner, request, policy, budget, started: None, repeats: 0, attempts: 0, state: State::Ready }
    }
}

impl<S> Future for ResponseFuture<S>
where
    S: Service<RestRequest, Response = RestResponse, Error = Error>,
{
    type Output = Result<RestResponse, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let started = *this.started.get_or_insert_with(Instant::now);
        loop {
            match this.state.as_mut().project() {
                StateProj::Ready => {
                    ready!(this.inner.poll_ready(cx)).map_err(|error| error.with_attempts(*this.attempts))?;
                    let answer = this.inner.call(with_time_left(this.request, started.elapsed()));
                    this.state.set(State::Sent { answer });
                }
                StateProj::Sent { answer } => {
                    let error = match ready!(answer.poll(cx)) {
                        Ok(response) => return Poll::Ready(Ok(response)),
                        Err(error) => error,
                    };
                    *this.attempts += error.attempts();
                    let error = error.with_attempts(*this.attempts);
                    let next = next_send(this.policy, this.request, &error, *this.repeats, this.budget);
                    let wait = match next {
                        Next::Never => return Poll::Ready(Err(error)),
                        Next::Soft => return Poll::Ready(Err(error.counted_as_soft())),
                        Next::After(wait) => wait,
                    };
                    // Sleeping past the deadline would only replace a real error by a late one.
                    let left = this.request.options().deadline().map(|all| all.saturating_sub(started.elapsed()));
                    if left.is_some_and(|left| wait >= left) {
                        return Poll::Ready(Err(error));
                    }
                    *this.repeats += 1;
                    tracing::debug!(
                        target: keys::TARGET_RETRY,
                        {
                            { keys::METHOD } = this.request.method().as_str(),
                            { keys::ERROR_TYPE } = error.code(),
                            { keys::HTTP_REQUEST_RESEND_COUNT } = *this.repeats,
                            { keys::WAIT_MS } = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                        },
                        "will be sent again"
                    );
                    this.state.set(State::Waiting { sleep: tokio::time::sleep(wait) });
                }
                StateProj::Waiting { sleep } => {
                    ready!(sleep.poll(cx));
                    this.state.set(State::Ready);
                }
            }
        }
    }
}

enum Next {
    Never,
    Soft,
    After(Duration),
}

fn next_send(policy: &RetryPolicy, request: &RestRequest, error: &Error, repeats: u32, budget: &Budget) -> Next {
    let verdict = judge(policy, request, error);
    let most = request.options().max_retries().unwrap_or(policy.max_retries);
    match verdict {
        Verdict::Soft => Next::Soft,
        Verdict::Final => Next::Never,
        _ if repeats >= most => Next::Never,
        Verdict::Open if !budget.take() => Next::Never,
        Verdict::Open | Verdict::NotRun => {
            Next::After(backoff::wait(policy.retry_delay, repeats + 1, fastrand::f64(), error))
        }
    }
}

/// The call with what is left of its deadline: layers below see only that.
fn with_time_left(request: &RestRequest, elapsed: Duration) -> RestRequest {
    let request = request.clone();
    match request.options().deadline() {
        None => request,
        Some(all) => {
            let options = request.options().clone().with_deadline(all.saturating_sub(elapsed));
            request.with_options(options)
        }
    }
}

impl<S: Service<RestRequest>> fmt::Debug for ResponseFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("request", &self.request)
            .field("repeats", &self.repeats)
            .finish_non_exhaustive()
    }
}
