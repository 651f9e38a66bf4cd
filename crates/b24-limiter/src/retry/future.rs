//! The future of a call that may be sent again: make ready, send, and perhaps wait and begin anew.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use b24_core::{Error, ErrorKind, RestRequest, RestResponse, SdkCode, keys};
use b24_timer::{Instant, Sleep, sleep, sleep_until};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    RetryPolicy, backoff,
    budget::Budget,
    decide::{Verdict, judge},
    shared::Shared,
};
use crate::classify::{Refused, refusal};

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
        shared: Arc<Shared>,
        // When the first poll came: the deadline of the whole call runs from there.
        started: Option<Instant>,
        // How often it has been sent again.
        repeats: u32,
        // How often the layers below have sent it, all in all.
        attempts: u32,
        // Whether one of them may have run, whatever became of the last.
        may_have_run: bool,
        // The last error, while the next send is waited for.
        last: Option<Error>,
        // The end of the whole call; set at the first poll that has to wait.
        #[pin]
        alarm: Option<Sleep>,
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
    pub(super) fn new(inner: S, request: RestRequest, shared: Arc<Shared>) -> Self {
        Self {
            inner,
            request,
            policy: shared.policy(),
            shared,
            started: None,
            repeats: 0,
            attempts: 0,
            may_have_run: false,
            last: None,
            alarm: None,
            state: State::Ready,
        }
    }
}

impl<S> Future for ResponseFuture<S>
where
    S: Service<RestRequest, Response = RestResponse, Error = Error>,
{
    type Output = Result<RestResponse, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let started = *self.as_mut().project().started.get_or_insert_with(Instant::now);
        if let Poll::Ready(outcome) = self.as_mut().poll_sends(started, cx) {
            let ran = self.may_have_run;
            return Poll::Ready(
                outcome.map_err(|error| error.after_a_send_that_may_have_run(ran).with_took(started.elapsed())),
            );
        }
        let mut this = self.project();
        let deadline = this.request.options().deadline().and_then(|all| started.checked_add(all));
        if let Some(deadline) = deadline.filter(|_| this.alarm.is_none()) {
            this.alarm.set(Some(sleep_until(deadline)));
        }
        ready!(this.alarm.as_mut().as_pin_mut().map_or(Poll::Pending, |alarm| alarm.poll(cx)));
        // A send that is under way may have run.
        let ran = *this.may_have_run || matches!(this.state.as_mut().project(), StateProj::Sent { .. });
        let late = || {
            let text = "the time for the call was up";
            Error::transport(SdkCode::RequestTimeout, text, false)
                .with_request(this.request)
                .with_attempts(*this.attempts)
        };
        let error = this.last.take().unwrap_or_else(late);
        Poll::Ready(Err(error.after_a_send_that_may_have_run(ran).with_took(started.elapsed())))
    }
}

impl<S> ResponseFuture<S>
where
    S: Service<RestRequest, Response = RestResponse, Error = Error>,
{
    /// Sends, and sends again, without regard to the end of the call but where a wait would outlast it.
    fn poll_sends(self: Pin<&mut Self>, started: Instant, cx: &mut Context<'_>) -> Poll<Result<RestResponse, Error>> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Ready => {
                    ready!(this.inner.poll_ready(cx)).map_err(|error| error.with_attempts(*this.attempts))?;
                    let answer = this.inner.call(as_it_is_now(this.request, this.last.as_ref(), started.elapsed()));
                    this.state.set(State::Sent { answer });
                }
                StateProj::Sent { answer } => {
                    let error = match ready!(answer.poll(cx)) {
                        Ok(response) => {
                            let attempts = *this.attempts + response.attempts();
                            return Poll::Ready(Ok(response.with_attempts(attempts).with_took(started.elapsed())));
                        }
                        Err(error) => error,
                    };
                    *this.attempts += error.attempts();
                    *this.may_have_run |= error.may_have_run();
                    let error = error.with_attempts(*this.attempts);
                    let left = this.request.options().deadline().map(|all| all.saturating_sub(started.elapsed()));
                    let budget = &this.shared.budget;
                    let wait = match next_send(this.policy, this.request, &error, *this.repeats, left, budget) {
                        // A repeat that is not let wait long enough says less than why it was needed.
                        Next::Never if error.kind() == ErrorKind::Limit => {
                            return Poll::Ready(Err(this.last.take().unwrap_or(error)));
                        }
                        Next::Never => return Poll::Ready(Err(error)),
                        Next::Soft => return Poll::Ready(Err(error.counted_as_soft())),
                        Next::After(wait) => wait,
                    };
                    *this.repeats += 1;
                    this.shared.count_repeat();
                    tell(this.request, &error, *this.repeats, wait);
                    *this.last = Some(error);
                    this.state.set(State::Waiting { sleep: sleep(wait) });
                }
                StateProj::Waiting { sleep } => {
                    ready!(sleep.poll(cx));
                    this.state.set(State::Ready);
                }
            }
        }
    }
}

fn tell(request: &RestRequest, error: &Error, repeats: u32, wait: Duration) {
    tracing::debug!(
        target: keys::TARGET_RETRY,
        {
            { keys::METHOD } = request.method().as_str(),
            { keys::ERROR_TYPE } = error.code(),
            { keys::HTTP_REQUEST_RESEND_COUNT } = repeats,
            { keys::WAIT_MS } = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        },
        "will be sent again"
    );
}

enum Next {
    Never,
    Soft,
    After(Duration),
}

fn next_send(
    policy: &RetryPolicy,
    request: &RestRequest,
    error: &Error,
    repeats: u32,
    left: Option<Duration>,
    budget: &Budget,
) -> Next {
    let verdict = judge(policy, request, error);
    let own = request.options().max_retries();
    match verdict {
        Verdict::Soft => return Next::Soft,
        Verdict::Final => return Next::Never,
        Verdict::Open | Verdict::NotRun if repeats >= own.unwrap_or(policy.max_retries) => return Next::Never,
        Verdict::Open | Verdict::NotRun => {}
    }
    let wait = backoff::wait(policy.retry_delay, repeats + 1, fastrand::f64(), error);
    // Sleeping past the deadline, or for the days that some server asks for, would only replace a real error by a late
    // one. What remains after the wait must be enough for a send.
    let too_late = left.is_some_and(|left| wait + LEAST_TIME_OF_A_SEND >= left);
    let too_long = error.retry_after().is_some_and(|asked| asked > LONGEST_ASKED_WAIT);
    // A caller who says how often means it; others share a budget.
    let stormy = || verdict == Verdict::Open && own.is_none() && !budget.take();
    if too_late || too_long || stormy() { Next::Never } else { Next::After(wait) }
}

const LEAST_TIME_OF_A_SEND: Duration = Duration::from_millis(50);
const LONGEST_ASKED_WAIT: Duration = Duration::from_secs(300);

/// The call with what is left of its deadline, and whether it was refused as too fast: layers below see only that.
fn as_it_is_now(request: &RestRequest, last: Option<&Error>, elapsed: Duration) -> RestRequest {
    let request = request.clone();
    let deadline = request.options().deadline();
    let refused = last.and_then(refusal) == Some(Refused::Rate);
    if !refused && deadline.is_none() {
        return request;
    }
    let mut options = request.options().clone().with_refused_before(refused);
    if let Some(all) = deadline {
        options = options.with_deadline(all.saturating_sub(elapsed));
    }
    request.with_options(options)
}

impl<S: Service<RestRequest>> fmt::Debug for ResponseFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture")
            .field("request", &self.request)
            .field("repeats", &self.repeats)
            .finish_non_exhaustive()
    }
}
