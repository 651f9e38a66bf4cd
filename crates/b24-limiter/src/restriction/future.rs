//! The future of a call that waits for its turn.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::Patience;
use crate::{
    classify::Classifier,
    limiter::{Permit, Turn},
};

pin_project! {
    /// The future of [`Restriction`](super::Restriction).
    ///
    /// # Cancel safety
    /// Dropped before the request went, it gives its place and its token back. Dropped after that, the send counts: the
    /// portal may be working on it.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, C, P, Request>
    where
        S: Service<Request>,
    {
        inner: S,
        classifier: C,
        // Until it goes.
        request: Option<Request>,
        // Once its turn has come, until the outcome is there.
        permit: Option<Permit>,
        patience: P,
        #[pin]
        state: State<S::Future>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<F> {
        // Waiting for the portal's limits.
        Waiting { turn: Turn },
        // Waiting until the inner service takes the call.
        Ready,
        // Sent.
        Sent { #[pin] answer: F },
    }
}

impl<S: Service<Request>, C, P, Request> ResponseFuture<S, C, P, Request> {
    pub(super) fn new(inner: S, classifier: C, patience: P, request: Request, turn: Option<Turn>) -> Self {
        let state = turn.map_or(State::Ready, |turn| State::Waiting { turn });
        Self { inner, classifier, request: Some(request), permit: None, patience, state }
    }
}

impl<S, C, P, Request> Future for ResponseFuture<S, C, P, Request>
where
    S: Service<Request>,
    C: Classifier<Request, S::Response, S::Error>,
    P: Patience<S::Error>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let mut just_granted = false;
        loop {
            match this.state.as_mut().project() {
                StateProj::Waiting { turn } => {
                    let permit = match ready!(turn.poll_go(cx)) {
                        Ok(permit) => permit,
                        // A patient layer asks for no bounds, so nothing is rejected.
                        Err(rejection) => match P::error(rejection) {
                            Some(error) => return Poll::Ready(Err(error)),
                            None => return Poll::Pending,
                        },
                    };
                    if !permit.waited().is_zero() {
                        let waited = permit.waited();
                        *this.request = this.request.take().map(|it| this.classifier.after_waiting(it, waited));
                    }
                    *this.permit = Some(permit);
                    just_granted = true;
                    this.state.set(State::Ready);
                }
                StateProj::Ready => {
                    let ready = ready!(this.inner.poll_ready(cx));
                    // The inner service took its time: what was true of the portal is not any more.
                    if let Some(permit) =
                        this.permit.take_if(|permit| ready.is_err() || !just_granted && permit.is_stale())
                    {
                        ready?;
                        // The place below stays taken: given up, it would be waited for again, and perhaps for ever.
                        this.state.set(State::Waiting { turn: permit.renew(this.patience.bounds()) });
                        continue;
                    }
                    ready?;
                    let Some(request) = this.request.take() else { return Poll::Pending };
                    match this.permit {
                        Some(permit) if just_granted => permit.sent_at_once(),
                        Some(permit) => permit.sent(),
                        None => {}
                    }
                    let answer = this.inner.call(request);
                    this.state.set(State::Sent { answer });
                }
                StateProj::Sent { answer } => {
                    let outcome = ready!(answer.poll(cx));
                    if let Some(permit) = this.permit.take() {
                        let lesson = this.classifier.learn(permit.spend(), outcome.as_ref());
                        permit.settle(&lesson);
                    }
                    return Poll::Ready(outcome);
                }
            }
        }
    }
}

impl<S: Service<Request>, C, P, Request> fmt::Debug for ResponseFuture<S, C, P, Request> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("permit", &self.permit).finish_non_exhaustive()
    }
}
