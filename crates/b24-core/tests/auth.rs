//! The auth layer: contract, one renewal, one resend.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    future::{Ready, ready},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use b24_core::{
    ApiVersion, Auth, Authenticator, Error, Grant, Method, Params, RestError, RestRequest, RestResponse, Secret,
};
use futures_util::{FutureExt, task::noop_waker};
use http::StatusCode;
use tower_service::Service;

/// Panics unless that very instance was made ready before `call`; answers with a script.
struct Probe {
    ready: bool,
    script: Arc<Script>,
    sends: Arc<AtomicU64>,
}

type Script = dyn Fn(&RestRequest) -> Result<RestResponse, Error> + Send + Sync;

impl Clone for Probe {
    fn clone(&self) -> Self {
        Self { ready: false, script: Arc::clone(&self.script), sends: Arc::clone(&self.sends) }
    }
}

impl Probe {
    fn new(script: impl Fn(&RestRequest) -> Result<RestResponse, Error> + Send + Sync + 'static) -> Self {
        Self { ready: false, script: Arc::new(script), sends: Arc::default() }
    }
}

impl Service<RestRequest> for Probe {
    type Response = RestResponse;
    type Error = Error;
    type Future = Ready<Result<RestResponse, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RestRequest) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been made ready");
        self.sends.fetch_add(1, Ordering::Relaxed);
        ready((self.script)(&request))
    }
}

/// Hands out tokens `t0`, `t1`, …; a renewal makes the next one, unless it may not.
#[derive(Clone, Default)]
struct Tokens {
    generation: Arc<AtomicU64>,
    stuck: bool,
    fails: bool,
}

impl Tokens {
    fn grant(&self) -> Grant {
        let generation = self.generation.load(Ordering::Relaxed);
        let portal = "https://p.bitrix24.com".parse().unwrap();
        Grant::token(portal, "app.1", Secret::from(format!("t{generation}")), generation)
    }
}

impl Authenticator for Tokens {
    type Future = Ready<Result<Grant, Error>>;

    fn authorize(&self) -> Self::Future {
        ready(Ok(self.grant()))
    }

    fn renew(&self, rejected: &Grant) -> Self::Future {
        if self.fails {
            return ready(Err(Error::auth("invalid_grant", "no")));
        }
        if !self.stuck && rejected.generation() == self.generation.load(Ordering::Relaxed) {
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
        ready(Ok(self.grant()))
    }
}

fn token(request: &RestRequest) -> &str {
    request.grant().unwrap().credential().secret().expose()
}

fn refusal(status: u16, code: &str) -> Error {
    // As the codec below says it: sent once.
    Error::from(RestError::new(StatusCode::from_u16(status).unwrap(), code, "")).with_attempts(1)
}

fn answer() -> Result<RestResponse, Error> {
    RestResponse::read(StatusCode::OK, r#"{"result":true}"#.into())
}

fn request(version: ApiVersion) -> RestRequest {
    RestRequest::new(version, Method::new("crm.deal.add").unwrap(), Params::empty())
}

fn run(probe: &Probe, tokens: &Tokens, version: ApiVersion) -> Result<RestResponse, Error> {
    let mut auth = Auth::new(probe.clone(), tokens.clone());
    let mut cx = Context::from_waker(futures_util::task::noop_waker_ref());
    assert!(auth.poll_ready(&mut cx).is_ready());
    auth.call(request(version)).now_or_never().expect("nothing here waits")
}

#[test]
fn an_expired_token_is_renewed_once_and_the_call_sent_once_more() {
    let probe =
        Probe::new(|request| if token(request) == "t0" { Err(refusal(401, "expired_token")) } else { answer() });
    let tokens = Tokens::default();
    assert_eq!(run(&probe, &tokens, ApiVersion::V2).unwrap().attempts(), 2);
    assert_eq!(probe.sends.load(Ordering::Relaxed), 2);
    assert_eq!(tokens.generation.load(Ordering::Relaxed), 1);
}

#[test]
fn any_401_of_v3_is_renewed() {
    let probe = Probe::new(|request| if token(request) == "t0" { Err(refusal(401, "ANY")) } else { answer() });
    assert!(run(&probe, &Tokens::default(), ApiVersion::V3).is_ok());
}

#[test]
fn the_second_refusal_is_final_and_keeps_its_code() {
    let probe =
        Probe::new(|request| Err(refusal(401, if token(request) == "t0" { "expired_token" } else { "invalid_token" })));
    let error = run(&probe, &Tokens::default(), ApiVersion::V2).unwrap_err();
    assert_eq!((error.code(), probe.sends.load(Ordering::Relaxed)), ("invalid_token", 2));
    assert_eq!(error.attempts(), 2);
}

#[test]
fn other_refusals_are_not_renewed() {
    for (status, code) in [(401, "NO_AUTH_FOUND"), (403, "insufficient_scope"), (500, "expired_token"), (400, "")] {
        let probe = Probe::new(move |_| Err(refusal(status, code)));
        let tokens = Tokens::default();
        assert_eq!(run(&probe, &tokens, ApiVersion::V2).unwrap_err().code(), code);
        assert_eq!((probe.sends.load(Ordering::Relaxed), tokens.generation.load(Ordering::Relaxed)), (1, 0));
    }
}

#[test]
fn credentials_that_cannot_be_renewed_fail_with_the_refusal_after_one_send() {
    let probe = Probe::new(|_| Err(refusal(401, "expired_token")));
    let error = run(&probe, &Tokens { stuck: true, ..Tokens::default() }, ApiVersion::V2).unwrap_err();
    assert_eq!((error.code(), probe.sends.load(Ordering::Relaxed)), ("expired_token", 1));
}

#[test]
fn a_failed_renewal_comes_out_with_the_call_it_was_for() {
    let probe = Probe::new(|_| Err(refusal(401, "expired_token")));
    let error = run(&probe, &Tokens { fails: true, ..Tokens::default() }, ApiVersion::V2).unwrap_err();
    assert_eq!((error.code(), error.request().unwrap().method().as_str()), ("invalid_grant", "crm.deal.add"));
    assert_eq!(error.attempts(), 1);
}

/// Never ready until told so.
#[derive(Clone)]
struct Gate(Arc<AtomicBool>, Probe);

impl Service<RestRequest> for Gate {
    type Response = RestResponse;
    type Error = Error;
    type Future = <Probe as Service<RestRequest>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.0.load(Ordering::Relaxed) { self.1.poll_ready(cx) } else { Poll::Pending }
    }

    fn call(&mut self, request: RestRequest) -> Self::Future {
        self.1.call(request)
    }
}

#[test]
fn the_inner_service_is_waited_for_before_each_send() {
    let open = Arc::new(AtomicBool::new(false));
    let probe = Probe::new(|_| answer());
    let mut auth = Auth::new(Gate(Arc::clone(&open), probe.clone()), Tokens::default());
    let waker = noop_waker();
    let mut cx = Context::from_waker(&waker);
    assert!(auth.poll_ready(&mut cx).is_ready());
    let mut call = pin!(auth.call(request(ApiVersion::V2)));
    assert!(call.as_mut().poll_unpin(&mut cx).is_pending());
    assert_eq!(probe.sends.load(Ordering::Relaxed), 0);
    open.store(true, Ordering::Relaxed);
    assert!(call.as_mut().poll_unpin(&mut cx).is_ready());
}
