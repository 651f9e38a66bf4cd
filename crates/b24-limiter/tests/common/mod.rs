//! A service that watches how it is used, and what it answers.

#![allow(dead_code, clippy::unwrap_used, reason = "each test file uses a part; a test may panic")]

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use b24_core::{ApiVersion, Error, Grant, Method, Params, RestError, RestRequest, RestResponse, SdkCode, Secret};
use b24_limiter::{
    Limiter, Restriction, RestrictionLayer, Restrictions, classify::RestClassifier, restriction::Bounded,
    settings::RateLimit,
};
use http::StatusCode;
use tokio::time::Instant;
use tower::{Layer, Service, ServiceExt};

type Outcome = Result<RestResponse, Error>;
type Script = dyn Fn(usize, &RestRequest) -> Outcome + Send + Sync;

/// Panics unless that very instance was made ready before `call`; answers send number n with a script, after a while.
pub(crate) struct Probe {
    ready: bool,
    takes: Duration,
    script: Arc<Script>,
    seen: Arc<Mutex<Vec<(Instant, RestRequest)>>>,
}

impl Probe {
    pub(crate) fn new(script: impl Fn(usize) -> Outcome + Send + Sync + 'static) -> Self {
        Self::by_request(move |send, _| script(send))
    }

    pub(crate) fn by_request(script: impl Fn(usize, &RestRequest) -> Outcome + Send + Sync + 'static) -> Self {
        Self { ready: false, takes: Duration::ZERO, script: Arc::new(script), seen: Arc::default() }
    }

    pub(crate) fn that_takes(mut self, takes: Duration) -> Self {
        self.takes = takes;
        self
    }

    pub(crate) fn sends(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    pub(crate) fn requests(&self) -> Vec<RestRequest> {
        self.seen.lock().unwrap().iter().map(|(_, request)| request.clone()).collect()
    }

    /// The methods in the order they came, and how many milliseconds after `start`.
    pub(crate) fn arrivals(&self, start: Instant) -> Vec<(String, u64)> {
        let seen = self.seen.lock().unwrap();
        let millis = |at: Instant| u64::try_from((at - start).as_millis()).unwrap();
        seen.iter().map(|(at, request)| (request.method().to_string(), millis(*at))).collect()
    }
}

impl Clone for Probe {
    fn clone(&self) -> Self {
        Self { ready: false, takes: self.takes, script: Arc::clone(&self.script), seen: Arc::clone(&self.seen) }
    }
}

impl Service<RestRequest> for Probe {
    type Response = RestResponse;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Outcome> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RestRequest) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been made ready");
        let mut seen = self.seen.lock().unwrap();
        let outcome = (self.script)(seen.len() + 1, &request);
        seen.push((Instant::now(), request));
        let takes = self.takes;
        Box::pin(async move {
            if !takes.is_zero() {
                tokio::time::sleep(takes).await;
            }
            outcome
        })
    }
}

/// A call with credentials of a webhook.
pub(crate) fn call(version: ApiVersion, method: &str) -> RestRequest {
    with_params(version, method, Params::object(&serde_json::json!({ "a": 1 })).unwrap())
}

pub(crate) fn with_params(version: ApiVersion, method: &str, params: Params) -> RestRequest {
    let grant = Grant::webhook("https://p.bitrix24.com".parse().unwrap(), 1, Secret::from("s3cr3t"));
    RestRequest::new(version, Method::new(method).unwrap(), params).with_grant(grant)
}

pub(crate) fn answer() -> Outcome {
    RestResponse::read(StatusCode::OK, r#"{"result":true}"#.into())
}

/// An answer that tells how much operating time is used, and in how many seconds a part is given back.
pub(crate) fn answer_with(operating: f64, reset_in: f64) -> Outcome {
    let text = format!(
        r#"{{"result":true,"time":{{"finish":2000000,"duration":1,"operating":{operating},"operating_reset_at":{}}}}}"#,
        2_000_000.0 + reset_in
    );
    RestResponse::read(StatusCode::OK, text.into())
}

pub(crate) fn refusal(status: u16, code: &str) -> Error {
    Error::from(RestError::new(StatusCode::from_u16(status).unwrap(), code, "")).with_attempts(1)
}

pub(crate) fn busy() -> Error {
    refusal(503, "QUERY_LIMIT_EXCEEDED")
}

pub(crate) fn blocked() -> Error {
    refusal(429, "OPERATION_TIME_LIMIT")
}

pub(crate) fn lost() -> Error {
    Error::transport(SdkCode::NetworkError, "lost", true).with_attempts(1)
}

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const S: Duration = Duration::from_secs(1);

pub(crate) fn limiter(burst: f64, drain: f64) -> Limiter {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(burst, drain));
    // Adaptive delays have a test of their own.
    restrictions.adaptive_delay.enabled = false;
    Limiter::new(restrictions).unwrap()
}

pub(crate) type Rejecting = Restriction<Probe, RestClassifier, Bounded>;

pub(crate) fn over(limiter: &Limiter, probe: &Probe) -> Rejecting {
    RestrictionLayer::with_limiter(limiter.clone()).rejecting().layer(probe.clone())
}

pub(crate) fn v2(method: &str) -> RestRequest {
    call(ApiVersion::V2, method)
}

pub(crate) async fn send(limiter: &Limiter, probe: &Probe, request: RestRequest) -> Result<RestResponse, Error> {
    over(limiter, probe).oneshot(request).await
}

/// Starts a call that goes on by itself, and lets it take its place in the line.
pub(crate) async fn spawn(limiter: &Limiter, probe: &Probe, request: RestRequest) -> tokio::task::JoinHandle<()> {
    let service = over(limiter, probe);
    let task = tokio::spawn(async move { drop(service.oneshot(request).await) });
    tokio::task::yield_now().await;
    task
}

/// The method `dear` has used up its time; a part is given back in 30 s.
pub(crate) fn dear() -> Probe {
    Probe::by_request(|_, request| match request.method().as_str() {
        "dear" => answer_with(478.0, 30.0),
        _ => answer(),
    })
}
