//! The future of a call with credentials: authorise, send, and perhaps renew and send once more.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tower_service::Service;

use super::{Authenticator, Grant};
use crate::{Error, RestRequest, RestResponse, keys};

pin_project! {
    /// The future of [`Auth`](super::Auth).
    ///
    /// # Cancel safety
    /// Dropping it drops the send that is under way; that send may have run. A renewal that is under way belongs to
    /// the authenticator and goes on.
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S, A>
    where
        S: Service<RestRequest>,
        A: Authenticator,
    {
        inner: S,
        authenticator: A,
        request: RestRequest,
        // The grant of the first send, once there was one.
        first: Option<Grant>,
        // How often the layers below have sent it before the send that is under way.
        attempts: u32,
        #[pin]
        state: State<S::Future, A::Future>,
    }
}

pin_project! {
    #[project = StateProj]
    enum State<C, G> {
        // Waiting for the first grant.
        Authorizing { #[pin] grant: G },
        // Waiting for a newer grant than the refused one.
        Renewing { #[pin] grant: G, refusal: Option<Error> },
        // The grant is attached; waiting until the inner service takes the call.
        Ready,
        // Sent.
        Sent { #[pin] answer: C },
    }
}

impl<S, A> ResponseFuture<S, A>
where
    S: Service<RestRequest>,
    A: Authenticator,
{
    pub(super) fn new(inner: S, authenticator: A, request: RestRequest) -> Self {
        let state = State::Authorizing { grant: authenticator.authorize() };
        Self { inner, authenticator, request, first: None, attempts: 0, state }
    }
}

impl<S, A> Future for ResponseFuture<S, A>
where
    S: Service<RestRequest, Response = RestResponse, Error = Error>,
    A: Authenticator,
{
    type Output = Result<RestResponse, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            match this.state.as_mut().project() {
                StateProj::Authorizing { grant } => {
                    let grant = ready!(grant.poll(cx)).map_err(|error| error.with_request(this.request))?;
                    *this.request = this.request.clone().with_grant(grant);
                    this.state.set(State::Ready);
                }
                StateProj::Renewing { grant, refusal } => {
                    let renewed = ready!(grant.poll(cx))
                        .map_err(|error| error.with_request(this.request).with_attempts(*this.attempts))?;
                    let same = this.first.as_ref().is_some_and(|first| first.generation() == renewed.generation());
                    if let Some(refusal) = refusal.take().filter(|_| same) {
                        return Poll::Ready(Err(refusal));
                    }
                    tracing::debug!(
                        target: keys::TARGET_AUTH,
                        { { keys::METHOD } = this.request.method().as_str() },
                        "sent again with renewed credentials"
                    );
                    *this.request = this.request.clone().with_grant(renewed);
                    this.state.set(State::Ready);
                }
                StateProj::Ready => {
                    ready!(this.inner.poll_ready(cx))
                        .map_err(|error| error.with_request(this.request).with_attempts(*this.attempts))?;
                    let answer = this.inner.call(this.request.clone());
                    this.state.set(State::Sent { answer });
                }
                StateProj::Sent { answer } => {
                    let outcome = count(*this.attempts, ready!(answer.poll(cx)));
                    // The first refusal for credentials that can be renewed; the second one is final.
                    let refused = match (&outcome, this.request.grant(), &this.first) {
                        (Err(error), Some(grant), first) if error.asks_for_renewal(this.request.version()) => {
                            if first.is_some() {
                                this.authenticator.refused_again(grant);
                                return Poll::Ready(outcome);
                            }
                            grant
                        }
                        _ => return Poll::Ready(outcome),
                    };
                    let grant = this.authenticator.renew(refused);
                    *this.first = Some(refused.clone());
                    *this.attempts = outcome.as_ref().err().map_or(0, Error::attempts);
                    this.state.set(State::Renewing { grant, refusal: outcome.err() });
                }
            }
        }
    }
}

/// Adds the sends before the last one.
fn count(before: u32, outcome: Result<RestResponse, Error>) -> Result<RestResponse, Error> {
    match outcome {
        Ok(response) => {
            let attempts = before + response.attempts();
            Ok(response.with_attempts(attempts))
        }
        Err(error) => {
            let attempts = before + error.attempts();
            Err(error.with_attempts(attempts))
        }
    }
}

impl<S, A> fmt::Debug for ResponseFuture<S, A>
where
    S: Service<RestRequest>,
    A: Authenticator,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").field("request", &self.request).finish_non_exhaustive()
    }
}
