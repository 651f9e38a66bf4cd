//! The service: each send waits for its turn.

use std::task::{Context, Poll};

use tower_service::Service;

use super::{Patience, Patient, ResponseFuture, source::Source};
use crate::classify::{Classifier, RestClassifier};

/// Sends each request when the portal's limits allow it, and learns from the outcome.
///
/// It is always ready and reserves nothing: a clone of the inner service waits along with the call, and is made ready when
/// its turn has come. Errors are those of the inner service, and of a [`Bounded`](super::Bounded) layer a
/// [`Rejection`](crate::Rejection) put into one.
#[derive(Clone, Debug)]
pub struct Restriction<S, C = RestClassifier, P = Patient> {
    inner: S,
    source: Source,
    classifier: C,
    patience: P,
}

impl<S, C, P> Restriction<S, C, P> {
    pub(super) fn new(inner: S, source: Source, classifier: C, patience: P) -> Self {
        Self { inner, source, classifier, patience }
    }

    /// The wrapped service.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The wrapped service, mutable.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.inner
    }

    /// Hands the wrapped service over.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<S, C, P, Request> Service<Request> for Restriction<S, C, P>
where
    S: Service<Request> + Clone,
    C: Classifier<Request, S::Response, S::Error> + Clone,
    P: Patience<S::Error>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, C, P, Request>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        // Only the request tells what to wait for.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let limiter = self.classifier.portal(&request).map(|portal| self.source.limiter(&portal));
        let turn = limiter.map(|limiter| {
            let spend = self.classifier.spend(&request);
            match self.patience.bounds() {
                None => limiter.turn(spend),
                Some(bounds) => limiter.bounded_turn(spend, bounds),
            }
        });
        ResponseFuture::new(self.inner.clone(), self.classifier.clone(), self.patience.clone(), request, turn)
    }
}
