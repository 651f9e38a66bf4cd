//! What is answered, whatever comes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use b24_core::BoxError;
use b24_events::{
    AllowedSources, EventService, EventServiceBuilder, Fingerprint, Inbox, Stats,
    inbox::{InboxFuture, Letter, LetterId, Taken},
};
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body::{Body, Frame};
use support::{FORM, TOKEN, Text, event, post, send, verification};
use tower_service::Service;

/// Its worker does not run, and is not gone either: a service without one takes nothing.
fn at_rest(builder: EventServiceBuilder) -> EventService {
    let (service, worker) = builder.build().unwrap();
    std::mem::forget(worker);
    service
}

fn service() -> EventService {
    at_rest(EventService::builder(verification()))
}

#[tokio::test]
async fn whatever_is_posted_as_a_form_is_answered_with_200() {
    for body in [
        event("ONCRMDEALADD", 5, TOKEN),
        event("ONCRMDEALADD", 5, "forged"),
        String::new(),
        "%".to_owned(),
        "a[[[[=1".to_owned(),
        "event[]=1".to_owned(),
        format!("a{}=1", "[b]".repeat(10_000)),
        format!("a{}=1", "[".repeat(10_000)),
        "\0\u{fffd}".to_owned(),
    ] {
        let answer = send(&service(), post(body.clone())).await;
        assert_eq!(answer, (StatusCode::OK, "ok".to_owned()), "{}", &body[..body.len().min(40)]);
    }
}

#[tokio::test]
async fn what_a_portal_never_sends_is_refused() {
    let request = |method: Method, kind: Option<&str>| {
        let mut request = Request::builder().method(method).uri("/events");
        if let Some(kind) = kind {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        request.body(Text::from(event("X", 1, TOKEN))).unwrap()
    };
    for (method, kind, want) in [
        (Method::GET, Some(FORM), StatusCode::METHOD_NOT_ALLOWED),
        (Method::HEAD, None, StatusCode::METHOD_NOT_ALLOWED),
        (Method::PUT, Some(FORM), StatusCode::METHOD_NOT_ALLOWED),
        (Method::POST, None, StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Method::POST, Some("text/plain"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Method::POST, Some("multipart/form-data; boundary=x"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (Method::POST, Some("application/x-www-form-urlencoded; charset=utf-8"), StatusCode::OK),
        (Method::POST, Some("Application/JSON"), StatusCode::OK),
    ] {
        let service = service();
        let (status, text) = send(&service, request(method.clone(), kind)).await;
        assert_eq!(status, want, "{method} {kind:?}");
        assert_eq!(text.is_empty(), status != StatusCode::OK, "a refusal tells nothing");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read_to_its_end() {
    let said = Request::post("/events")
        .header(header::CONTENT_TYPE, FORM)
        .header(header::CONTENT_LENGTH, 100 << 20)
        .body(Never)
        .unwrap();
    assert_eq!(send(&service(), said).await.0, StatusCode::PAYLOAD_TOO_LARGE);

    // 100 MiB, and nobody has said so.
    let (counter, given) = Endless::new(100 << 20);
    let unsaid = Request::post("/events").header(header::CONTENT_TYPE, FORM).body(counter).unwrap();
    let service = service();
    assert_eq!(send(&service, unsaid).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let read = given.load(std::sync::atomic::Ordering::SeqCst);
    assert!(read <= (1 << 20) + Endless::CHUNK, "{read} bytes were read");
    assert_eq!(service.stats().refused, 1);
}

#[tokio::test]
async fn the_limit_is_the_last_size_that_is_taken() {
    let service = at_rest(EventService::builder(verification()).max_body(100));
    for (size, want) in [(100, StatusCode::OK), (101, StatusCode::PAYLOAD_TOO_LARGE)] {
        assert_eq!(send(&service, post("a".repeat(size))).await.0, want);
    }
}

#[tokio::test(start_paused = true)]
async fn who_sends_a_byte_a_second_is_cut_off_after_ten() {
    let request = Request::post("/events").header(header::CONTENT_TYPE, FORM).body(Drip::default()).unwrap();
    let begun = tokio::time::Instant::now();
    assert_eq!(send(&service(), request).await.0, StatusCode::REQUEST_TIMEOUT);
    assert_eq!(begun.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_sender_that_breaks_off_has_sent_nothing() {
    let request = Request::post("/events").header(header::CONTENT_TYPE, FORM).body(Broken).unwrap();
    let service = service();
    assert_eq!(send(&service, request).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(service.stats().accepted, 0);
}

#[tokio::test]
async fn a_list_of_sources_fails_closed() {
    let build = |builder: EventServiceBuilder| {
        let list = AllowedSources::new(["203.0.113.0/24"]).unwrap();
        at_rest(builder.allow_from(list, |head| head.extensions.get::<IpAddr>().copied()))
    };
    let service = build(EventService::builder(verification()));
    for (source, want) in [
        (Some("203.0.113.9"), StatusCode::OK),
        (Some("198.51.100.1"), StatusCode::FORBIDDEN),
        (None, StatusCode::FORBIDDEN),
    ] {
        let mut request = post(event("X", 1, TOKEN));
        if let Some(source) = source {
            request.extensions_mut().insert(source.parse::<IpAddr>().unwrap());
        }
        assert_eq!(send(&service, request).await.0, want, "{source:?}");
    }
}

#[tokio::test]
async fn a_full_inbox_is_503_and_a_later_delivery_is_taken_again() {
    // Room for few: nobody handles.
    let inbox = b24_events::MemoryInbox::new().with_capacity(2048);
    let (service, worker) = EventService::builder(verification()).inbox(inbox).build().unwrap();
    let mut full = 0;
    for id in 0..50 {
        match send(&service, post(event("X", id, TOKEN))).await.0 {
            StatusCode::OK => assert_eq!(full, 0),
            StatusCode::SERVICE_UNAVAILABLE => full += 1,
            other => panic!("{other}"),
        }
    }
    assert!((1..50).contains(&full), "{full}");
    let work = tokio::spawn(worker.run());
    while service.stats().unhandled < 50 - full {
        tokio::task::yield_now().await;
    }
    assert_eq!(send(&service, post(event("X", 99, TOKEN))).await.0, StatusCode::OK);
    work.abort();
    assert_eq!(service.stats().turned_away, full);
}

#[tokio::test]
async fn nothing_is_counted_before_anything_came() {
    assert_eq!(service().stats(), Stats::default());
}

#[tokio::test]
async fn what_waits_for_a_slow_inbox_is_bounded_in_bytes() {
    let service = at_rest(EventService::builder(verification()).inbox(Stuck));
    let body = "a".repeat(1 << 20);
    let mut waiting = Vec::new();
    for _ in 0..64 {
        let mut answer = Box::pin(service.clone().call(post(body.clone())));
        assert!(std::future::poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await.is_pending());
        waiting.push(answer);
    }
    assert_eq!(send(&service, post("a")).await.0, StatusCode::SERVICE_UNAVAILABLE);
    // Given back with the request.
    waiting.pop();
    let mut answer = Box::pin(service.clone().call(post(body)));
    assert!(std::future::poll_fn(|cx| Poll::Ready(answer.as_mut().poll(cx))).await.is_pending());
}

#[tokio::test(start_paused = true)]
async fn a_worker_ends_within_its_grace_though_the_disk_does_not_answer() {
    let (service, worker) =
        EventService::builder(verification()).inbox(Stuck).grace(Duration::from_secs(5)).build().unwrap();
    let mut kept = Box::pin(service.clone().call(post("a")));
    assert!(std::future::poll_fn(|cx| Poll::Ready(kept.as_mut().poll(cx))).await.is_pending());
    let ended = tokio::time::timeout(Duration::from_secs(10), worker.run_until(std::future::ready(()))).await;
    assert_eq!(ended.unwrap().dropped, 0);
    assert_eq!(send(&service, post("a")).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn once_a_worker_has_ended_no_body_is_read() {
    let (service, worker) = EventService::builder(verification()).build().unwrap();
    worker.run_until(std::future::ready(())).await;
    let request = Request::post("/events").header(header::CONTENT_TYPE, FORM).body(Never).unwrap();
    assert_eq!(send(&service, request).await.0, StatusCode::SERVICE_UNAVAILABLE);
}

/// An inbox whose disk does not answer.
#[derive(Debug)]
struct Stuck;

impl Inbox for Stuck {
    fn append(&self, _: Letter) -> InboxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn take(&self, _: usize, _: SystemTime) -> InboxFuture<'_, Taken> {
        Box::pin(std::future::ready(Ok(Taken::default())))
    }

    fn acknowledge(&self, _: LetterId, _: Option<Fingerprint>, _: SystemTime) -> InboxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn was_handled(&self, _: Fingerprint, _: SystemTime) -> InboxFuture<'_, bool> {
        Box::pin(std::future::pending())
    }

    fn postpone(&self, _: LetterId, _: SystemTime) -> InboxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn bury(&self, _: LetterId) -> InboxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    fn waiting(&self) -> InboxFuture<'_, usize> {
        Box::pin(std::future::ready(Ok(0)))
    }
}

/// A body that must not be read.
struct Never;

impl Body for Never {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        panic!("it was read");
    }
}

/// So many bytes, and a count of those that were taken.
struct Endless {
    left: usize,
    given: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Endless {
    const CHUNK: usize = 64 << 10;

    fn new(left: usize) -> (Self, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
        let given = std::sync::Arc::default();
        (Self { left, given: std::sync::Arc::clone(&given) }, given)
    }
}

impl Body for Endless {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= Self::CHUNK;
        self.given.fetch_add(Self::CHUNK, std::sync::atomic::Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![b'a'; Self::CHUNK])))))
    }
}

/// A byte a second, for ever.
#[derive(Default)]
struct Drip(Option<Pin<Box<tokio::time::Sleep>>>);

impl Body for Drip {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let pause = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::from_secs(1))));
        std::task::ready!(pause.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"a")))))
    }
}

/// Breaks off after a few bytes.
struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(Some(Err("reset".into())))
    }
}

/// It is always ready, as the contract of services asks to be asked.
#[tokio::test]
async fn it_is_always_ready() {
    let mut service = service();
    let ready = std::future::poll_fn(|cx| Service::<Request<Text>>::poll_ready(&mut service, cx)).await;
    assert!(ready.is_ok());
}
