//! The layer around a service that knows nothing of this SDK: `tower_test`'s mock, which panics when it is called without
//! having been made ready. On a paused clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use b24_limiter::{
    Limiter, Priority, Restriction, RestrictionLayer, Restrictions, classify::HttpClassifier, settings::RateLimit,
};
use futures_util::FutureExt;
use http::{Request, Response};
use tokio::time::Instant;
use tower::{Layer, ServiceExt};
use tower_test::mock::{self, Handle, Mock};

const S: Duration = Duration::from_secs(1);

type Answer = Response<&'static str>;
type Inner = Mock<Request<()>, Answer>;
type Portal = Handle<Request<()>, Answer>;

fn stack(burst: f64, drain: f64) -> (Limiter, Restriction<Inner, HttpClassifier>, Portal) {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(burst, drain));
    let limiter = Limiter::new(restrictions).unwrap();
    let (inner, handle) = mock::pair();
    let layer = RestrictionLayer::with_limiter(limiter.clone()).with_classifier(HttpClassifier::new());
    (limiter, layer.layer(inner), handle)
}

fn request(path: &str) -> Request<()> {
    Request::post(format!("https://p.bitrix24.com/rest/1/s3cr3t/{path}")).body(()).unwrap()
}

/// Answers what comes next, and tells its path.
async fn answer(handle: &mut Portal, status: u16) -> String {
    let (request, respond) = handle.next_request().await.unwrap();
    respond.send_response(Response::builder().status(status).body("").unwrap());
    request.uri().path().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_when_the_limits_and_the_inner_service_allow_it() {
    let (_, service, mut handle) = stack(1.0, 1.0);
    handle.allow(0);
    let first = tokio::spawn(service.clone().oneshot(request("first")));
    tokio::task::yield_now().await;
    // The limits would let it go; the service below would not.
    assert!(handle.next_request().now_or_never().is_none());
    handle.allow(2);
    assert_eq!(answer(&mut handle, 200).await, "first");
    assert_eq!(first.await.unwrap().unwrap().status(), 200);
    let begin = Instant::now();
    let second = tokio::spawn(service.clone().oneshot(request("second")));
    assert_eq!(answer(&mut handle, 200).await, "second");
    assert!(second.await.unwrap().is_ok() && begin.elapsed() >= S);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_waited_too_long_for_the_inner_service_is_taken_again() {
    let (limiter, service, mut handle) = stack(1.0, 1.0);
    handle.allow(0);
    let held_up = tokio::spawn(service.clone().oneshot(request("held-up")));
    tokio::time::sleep(S * 20).await;
    // Another process has used the rate meanwhile, for all we know: what was granted then is not used now.
    assert_eq!(limiter.stats().in_flight, 1);
    handle.allow(1);
    assert_eq!(answer(&mut handle, 200).await, "held-up");
    assert!(held_up.await.unwrap().is_ok());
    assert_eq!((limiter.stats().sends, limiter.stats().in_flight), (1, 0));
}

/// A service below that is always busy: whoever waits for it for long takes a new turn, and gets through all the same.
#[tokio::test(start_paused = true)]
async fn a_narrow_service_below_lets_everybody_through() {
    let mut restrictions = Restrictions::default();
    restrictions.rate = Some(RateLimit::new(50.0, 2.0));
    let limiter = Limiter::new(restrictions).unwrap();
    let slow = tower::service_fn(|_: Request<()>| async {
        tokio::time::sleep(S * 5).await;
        Ok::<_, std::convert::Infallible>(Response::new(""))
    });
    let narrow = tower::limit::ConcurrencyLimit::new(slow, 2);
    let layer = RestrictionLayer::with_limiter(limiter.clone()).with_classifier(HttpClassifier::new());
    let calls = (0..40).map(|_| layer.layer(narrow.clone()).oneshot(request("profile")));
    let begin = Instant::now();
    let all = tokio::time::timeout(S * 600, futures_util::future::join_all(calls)).await.unwrap();
    assert!(all.iter().all(Result::is_ok));
    assert!(begin.elapsed() <= S * 120, "{:?}", begin.elapsed());
    assert_eq!(limiter.stats().sends, 40);
}

#[tokio::test(start_paused = true)]
async fn statuses_teach_what_they_can() {
    let (limiter, service, mut handle) = stack(50.0, 2.0);
    handle.allow(10);
    for (status, path) in [(503, "busy"), (429, "dear"), (500, "broken"), (200, "cheap")] {
        let call = tokio::spawn(service.clone().oneshot(request(path)));
        assert_eq!(answer(&mut handle, status).await, path);
        assert_eq!(call.await.unwrap().unwrap().status(), status);
    }
    let stats = limiter.stats();
    assert_eq!((stats.rate_refusals, stats.operating_refusals, stats.succeeded, stats.failed), (1, 1, 1, 3));
    // The method that was refused waits, and no other.
    let begin = Instant::now();
    let dear = tokio::spawn(service.clone().oneshot(request("dear")));
    let cheap = tokio::spawn(service.clone().oneshot(request("cheap")));
    assert_eq!(answer(&mut handle, 200).await, "cheap");
    assert!(cheap.await.unwrap().is_ok() && begin.elapsed() < S * 5);
    assert_eq!(answer(&mut handle, 200).await, "dear");
    assert!(dear.await.unwrap().is_ok() && begin.elapsed() >= S * 295);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_names_no_method_is_limited_by_the_rate_alone() {
    let (limiter, service, mut handle) = stack(1.0, 1.0);
    handle.allow(10);
    let begin = Instant::now();
    for status in [429, 200, 200] {
        let call = tokio::spawn(service.clone().oneshot(request("%20")));
        answer(&mut handle, status).await;
        assert_eq!(call.await.unwrap().unwrap().status(), status);
    }
    assert!(begin.elapsed() >= S * 2 && begin.elapsed() < S * 4);
    assert!(limiter.stats().methods.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_go_to_a_portal_is_none_of_its_business() {
    let (limiter, service, mut handle) = stack(1.0, 0.01);
    handle.allow(10);
    for _ in 0..3 {
        let elsewhere = Request::get("https://example.com/health").body(()).unwrap();
        let call = tokio::spawn(service.clone().oneshot(elsewhere));
        answer(&mut handle, 503).await;
        assert!(call.await.unwrap().is_ok());
    }
    assert_eq!((limiter.stats().sends, limiter.stats().rate_refusals), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_request_tells_its_priority_in_an_extension() {
    let (_, service, mut handle) = stack(1.0, 1.0);
    handle.allow(10);
    let mut calls = Vec::new();
    for (path, priority) in [("first", None), ("bulk", Some(Priority::Bulk)), ("interactive", None)] {
        let mut request = request(path);
        request.extensions_mut().extend(
            priority
                .map(|priority| {
                    let mut extensions = http::Extensions::new();
                    extensions.insert(priority);
                    extensions
                })
                .unwrap_or_default(),
        );
        calls.push(tokio::spawn(service.clone().oneshot(request)));
        tokio::task::yield_now().await;
    }
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(answer(&mut handle, 200).await);
    }
    assert_eq!(order, ["first", "interactive", "bulk"]);
}
