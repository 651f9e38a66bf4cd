//! The handle as a tower service, over a stack that insists on the contract of tower.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    future::{Ready, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use b24_client::{Client, ResponseFuture};
use b24_core::{ApiVersion, CallOptions, Error, Method, Params, RestError, RestRequest, RestResponse};
use futures_util::{FutureExt, task::noop_waker};
use http::StatusCode;
use tower_service::Service;

/// Panics unless that very copy was made ready before `call`, and is ready at the second asking only.
struct Strict {
    asked: u8,
    answer: fn() -> Result<RestResponse, Error>,
    seen: Arc<Mutex<Vec<RestRequest>>>,
    ready: Arc<AtomicUsize>,
}

impl Strict {
    fn new(answer: fn() -> Result<RestResponse, Error>) -> Self {
        Self { asked: 0, answer, seen: Arc::default(), ready: Arc::default() }
    }
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { asked: 0, seen: Arc::clone(&self.seen), ready: Arc::clone(&self.ready), ..*self }
    }
}

impl Service<RestRequest> for Strict {
    type Response = RestResponse;
    type Error = Error;
    type Future = Ready<Result<RestResponse, Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.asked += 1;
        if self.asked < 2 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.ready.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RestRequest) -> Self::Future {
        assert!(std::mem::take(&mut self.asked) >= 2, "called without having been made ready");
        self.seen.lock().unwrap().push(request);
        ready((self.answer)())
    }
}

fn client(stack: Strict) -> Client {
    Client::new("https://p.bitrix24.com".parse().unwrap(), stack)
}

fn request() -> RestRequest {
    RestRequest::new(ApiVersion::V2, Method::new("server.time").unwrap(), Params::empty())
}

fn drive(mut future: ResponseFuture) -> Result<RestResponse, Error> {
    (0..9).find_map(|_| (&mut future).now_or_never()).expect("ready after a few askings")
}

#[test]
fn each_call_makes_a_copy_of_the_stack_ready_and_calls_that() {
    let stack = Strict::new(|| RestResponse::read(StatusCode::OK, r#"{"result":1}"#.into()));
    let (seen, ready) = (Arc::clone(&stack.seen), Arc::clone(&stack.ready));
    let mut b24 = client(stack);
    let both = [b24.call(request()), b24.call(request())];
    for future in both {
        assert_eq!(drive(future).unwrap().result(), "1");
    }
    assert_eq!((seen.lock().unwrap().len(), ready.load(Ordering::Relaxed)), (2, 2));
}

#[test]
fn it_is_always_ready_and_keeps_no_place_in_the_stack() {
    let stack = Strict::new(|| RestResponse::read(StatusCode::OK, r#"{"result":1}"#.into()));
    let ready = Arc::clone(&stack.ready);
    let mut b24 = client(stack);
    for _ in 0..3 {
        assert!(b24.poll_ready(&mut Context::from_waker(&noop_waker())).is_ready());
    }
    assert_eq!(ready.load(Ordering::Relaxed), 0);
}

#[test]
fn a_request_gets_an_id_unless_it_has_one() {
    let stack = Strict::new(|| RestResponse::read(StatusCode::OK, r#"{"result":1}"#.into()));
    let seen = Arc::clone(&stack.seen);
    let mut b24 = client(stack);
    drive(b24.call(request())).unwrap();
    drive(b24.call(request().with_options(CallOptions::default().with_request_id("job-17")))).unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen[0].options().request_id().map(str::len), Some(36));
    assert_eq!(seen[1].options().request_id(), Some("job-17"));
}

#[test]
fn an_error_names_the_call() {
    let refused = || Err(RestError::new(StatusCode::FORBIDDEN, "ACCESS_DENIED", "").into());
    let error = drive(client(Strict::new(refused)).call(request())).unwrap_err();
    assert_eq!((error.code(), error.request().unwrap().method().as_str()), ("ACCESS_DENIED", "server.time"));
}
