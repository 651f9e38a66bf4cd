//! A handler that remembers its letters, and applications that bind to events.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use b24_portal::{Installation, Limits, Portal, PortalBuilder};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tower_service::Service;

use super::{Bench, Reply, form::read};

/// Takes letters, and answers all with one status.
#[derive(Clone)]
pub struct Inbox {
    letters: Arc<Mutex<Vec<Letter>>>,
    status: u16,
}

/// A letter, read the plain way: names with their brackets.
#[derive(Clone, Debug)]
pub struct Letter {
    pub url: String,
    pub fields: BTreeMap<String, String>,
}

impl Letter {
    pub fn event(&self) -> &str {
        &self.fields["event"]
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }
}

impl Inbox {
    pub fn new() -> Self {
        Self::answering(200)
    }

    pub fn answering(status: u16) -> Self {
        Self { letters: Arc::default(), status }
    }

    /// A portal whose letters all come here.
    pub fn bench(&self, builder: PortalBuilder) -> Bench {
        let bench = Bench::with(builder);
        bench.portal.deliver_to(self.clone());
        bench
    }

    pub fn all(&self) -> Vec<Letter> {
        self.letters.lock().expect("no panic").clone()
    }

    pub fn events(&self) -> Vec<String> {
        self.all().iter().map(|letter| letter.event().to_owned()).collect()
    }

    /// What has come since the last time.
    pub fn take(&self) -> Vec<Letter> {
        std::mem::take(&mut *self.letters.lock().expect("no panic"))
    }
}

impl Service<Request<Full<Bytes>>> for Inbox {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        let url = request.uri().to_string();
        // A body in memory is all there at once.
        let mut body = Box::pin(http_body_util::BodyExt::collect(request.into_body()));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let Poll::Ready(Ok(body)) = Future::poll(body.as_mut(), &mut cx) else { unreachable!("a body in memory") };
        let text = String::from_utf8(body.to_bytes().to_vec()).expect("UTF-8");
        self.letters.lock().expect("no panic").push(Letter { url, fields: read(&text) });
        ready(Ok(Response::builder().status(self.status).body(Full::default()).expect("an answer")))
    }
}

pub fn portal() -> PortalBuilder {
    Portal::builder().limits(Limits::default().without_rate())
}

/// Calls a method with the tokens of an installation.
pub async fn call(bench: &Bench, app: &Installation, method: &str, params: Value) -> Reply {
    let mut params = params;
    params["auth"] = app.access_token().into();
    bench.post(&format!("/rest/{method}"), &params).await
}

pub async fn bind(bench: &Bench, app: &Installation, event: &str, url: &str) {
    let reply = call(bench, app, "event.bind", json!({"event": event, "handler": url})).await;
    assert_eq!(*reply.result(), true);
}

pub async fn bind_offline(bench: &Bench, app: &Installation, event: &str) {
    let reply = call(bench, app, "event.bind", json!({"event": event, "event_type": "offline"})).await;
    assert_eq!(*reply.result(), true);
}
