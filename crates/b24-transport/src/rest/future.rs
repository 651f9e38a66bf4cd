//! The future of one send: wait for the head of the answer, read its body, take it apart.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use b24_core::{BoxError, Error, RestRequest, RestResponse, SdkCode, keys};
use b24_timer::{Instant, Sleep, sleep_until};
use http::{HeaderMap, Response, StatusCode, header::RETRY_AFTER};
use pin_project_lite::pin_project;

use super::received::{ReadError, Received};
use crate::{error::no_answer, sends::Sends};

pin_project! {
    /// The future of [`Rest`](super::Rest).
    ///
    /// # Cancel safety
    /// Dropping it gives the send up; the portal may have executed the call.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F, B>
    where
        B: http_body::Body,
    {
        request: RestRequest,
        sends: Sends,
        timeout: Duration,
        max_response_size: usize,
        // When the first poll came.
        started: Option<Instant>,
        // Set at the first poll: it needs a runtime, and the time runs from there.
        #[pin]
        alarm: Option<Sleep>,
        // Whether the alarm has been put off: once is enough.
        looked_late: bool,
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F, B>
    where
        B: http_body::Body,
    {
        // Refused before sending.
        Refused { error: Option<Error> },
        // Sent; waiting for the head of the answer.
        Sent { #[pin] answer: F },
        // The head is there; reading the body.
        Reading { status: StatusCode, retry_after: Option<Duration>, received: Received, #[pin] body: B },
    }
}

impl<F, B: http_body::Body> ResponseFuture<F, B> {
    pub(super) fn new(
        request: RestRequest,
        answer: F,
        sends: Sends,
        timeout: Duration,
        max_response_size: usize,
    ) -> Self {
        let state = State::Sent { answer };
        Self { request, sends, timeout, max_response_size, started: None, alarm: None, looked_late: false, state }
    }

    pub(super) fn refused(request: RestRequest, error: Error) -> Self {
        let state = State::Refused { error: Some(error) };
        let sends = Sends::default();
        let timeout = Duration::ZERO;
        Self { request, sends, timeout, max_response_size: 0, started: None, alarm: None, looked_late: false, state }
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    type Output = Result<RestResponse, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let StateProj::Refused { error } = this.state.as_mut().project() {
            let error = error.take().unwrap_or_else(|| Error::decode("polled after it was done"));
            return Poll::Ready(Err(error.with_request(this.request)));
        }
        let started = *this.started.get_or_insert_with(|| {
            trace_parameters(this.request);
            Instant::now()
        });
        let outcome = match poll_answer(this.state, this.sends, *this.max_response_size, cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => {
                // A time beyond the clock's end never comes.
                let end = started.checked_add(*this.timeout).filter(|_| this.alarm.is_none());
                if let Some(end) = end {
                    this.alarm.set(Some(sleep_until(end)));
                }
                ready!(poll_alarm(this.alarm.as_mut(), this.looked_late, cx));
                let text = "no answer came in time; the call may have run";
                Err(Error::transport(SdkCode::RequestTimeout, text, true))
            }
        };
        Poll::Ready(finish(this.request, this.sends, outcome, started.elapsed()))
    }
}

/// Waits for the end of the time. Where nobody has looked for long after it (a consumer that was busy with the rows of
/// another page), the answer may be there and only not be handed over yet: it gets a moment more.
fn poll_alarm(alarm: Pin<&mut Option<Sleep>>, looked_late: &mut bool, cx: &mut Context<'_>) -> Poll<()> {
    let Some(mut alarm) = alarm.as_pin_mut() else { return Poll::Pending };
    ready!(alarm.as_mut().poll(cx));
    let now = Instant::now();
    if *looked_late || now <= alarm.deadline() + A_MOMENT {
        return Poll::Ready(());
    }
    *looked_late = true;
    alarm.as_mut().reset(now + A_MOMENT);
    alarm.poll(cx)
}

/// Long enough for a runtime to hand over what has arrived.
const A_MOMENT: Duration = Duration::from_millis(100);

fn poll_answer<F, B, E>(
    mut state: Pin<&mut State<F, B>>,
    sends: &Sends,
    max_response_size: usize,
    cx: &mut Context<'_>,
) -> Poll<Result<RestResponse, Error>>
where
    F: Future<Output = Result<Response<B>, E>>,
    E: Into<BoxError>,
    B: http_body::Body,
    B::Error: Into<BoxError>,
{
    loop {
        match state.as_mut().project() {
            StateProj::Refused { .. } => return Poll::Pending,
            StateProj::Sent { answer } => {
                let (head, body) =
                    ready!(answer.poll(cx)).map_err(|error| no_answer(error.into(), sends))?.into_parts();
                let received = Received::new(max_response_size);
                let retry_after = retry_after(&head.headers);
                state.set(State::Reading { status: head.status, retry_after, received, body });
            }
            StateProj::Reading { status, retry_after, received, body } => {
                let (status, retry_after) = (*status, *retry_after);
                return Poll::Ready(match ready!(received.poll_all(body, cx)) {
                    Ok(body) => RestResponse::read(status, body).map_err(|error| error.with_retry_after(retry_after)),
                    // The head has come, so the request has arrived.
                    Err(ReadError::Lost(error)) => Err(no_answer(error, sends)),
                    Err(ReadError::TooLarge) => Err(too_large(status)),
                });
            }
        }
    }
}

/// Seconds; a date is rare and passed over.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn too_large(status: StatusCode) -> Error {
    let text = "the answer is larger than the limit";
    let error =
        if status.is_success() { Error::decode(text) } else { Error::transport(SdkCode::InvalidResponse, text, true) };
    error.with_status(status)
}

/// Completes an outcome: what an error may tell of the call, and the event of this send.
fn finish(
    request: &RestRequest,
    sends: &Sends,
    outcome: Result<RestResponse, Error>,
    elapsed: Duration,
) -> Result<RestResponse, Error> {
    let outcome = outcome.map(|response| response.with_round_trip(elapsed)).map_err(|error| {
        let error = error.with_request(request).with_attempts(sends.attempts()).with_took(elapsed);
        match request.grant() {
            Some(grant) => error.without(grant.credential().secret()),
            None => error,
        }
    });
    let status = match &outcome {
        Ok(response) => Some(response.status()),
        Err(error) => error.status(),
    };
    tracing::debug!(
        target: keys::TARGET_TRANSPORT,
        {
            { keys::METHOD } = request.method().as_str(),
            { keys::HTTP_RESPONSE_STATUS_CODE } = status.map(|status| status.as_u16()),
            { keys::ERROR_TYPE } = outcome.as_ref().err().map(Error::code),
            { keys::ELAPSED_MS } = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        },
        "sent"
    );
    outcome
}

/// Parameters are shown at the trace level, redacted; nobody pays for it at any other.
fn trace_parameters(request: &RestRequest) {
    tracing::trace!(
        target: keys::TARGET_TRANSPORT,
        {
            { keys::METHOD } = request.method().as_str(),
            // Its `Debug` text is the redacted JSON, made only when somebody listens.
            { keys::PARAMS } = ?request.params(),
        },
        "sending"
    );
}

impl<F, B: http_body::Body> fmt::Debug for ResponseFuture<F, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("request", &self.request).finish_non_exhaustive()
    }
}
