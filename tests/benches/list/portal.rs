//! A portal without I/O: a client whose stack has the pages of a list at hand.

use std::{
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use b24::{
    Client, Error, PortalAddress,
    core::{RestRequest, RestResponse},
};
use bytes::Bytes;
use http::StatusCode;
use tower_service::Service;

/// A page.
pub(crate) enum Answer {
    /// Its envelope has been read.
    Ready(Box<RestResponse>),
    /// As it comes over the wire.
    Read(Bytes),
}

/// Gives the answers one after the other, and begins anew after the last.
#[derive(Clone)]
pub(crate) struct Answers {
    answers: Arc<[Answer]>,
    next: Arc<AtomicUsize>,
}

impl Answers {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: answers.into_iter().collect(), next: Arc::default() }
    }
}

impl Service<RestRequest> for Answers {
    type Response = RestResponse;
    type Error = Error;
    type Future = Ready<Result<RestResponse, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: RestRequest) -> Self::Future {
        let place = self.next.fetch_add(1, Ordering::Relaxed) % self.answers.len();
        ready(match &self.answers[place] {
            Answer::Ready(response) => Ok(RestResponse::clone(response)),
            Answer::Read(bytes) => RestResponse::read(StatusCode::OK, bytes.clone()),
        })
    }
}

/// A client on these answers.
pub(crate) fn client(answers: Answers) -> Client {
    Client::new(PortalAddress::from_uri(&"https://example.bitrix24.com".parse().unwrap()).unwrap(), answers)
}
