//! What somebody has to act on shows in the log of a receiver: a list of addresses that is old, an inbox that is full, a page
//! of the application at the address of its events.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[allow(dead_code, reason = "this test reads the log and nothing else")]
#[path = "support/log.rs"]
mod log;

use std::net::IpAddr;

use b24::events::{AllowedSources, ApplicationToken, EventService, MemoryInbox};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use log::Log;
use tokio::sync::oneshot;
use tower::ServiceExt;

async fn post(service: &EventService, source: Option<&str>, body: &str) -> u16 {
    let mut request = Request::post("/events")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .unwrap();
    if let Some(source) = source {
        request.extensions_mut().insert(source.parse::<IpAddr>().unwrap());
    }
    service.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn what_calls_for_somebody_is_above_debug() {
    let log = Log::default();
    let _guard = log.everything();
    let (service, worker) = EventService::builder(ApplicationToken::new("t0ken".to_owned().into()))
        .inbox(MemoryInbox::new().with_capacity(2048))
        .allow_from(AllowedSources::new(["203.0.113.0/24"]).unwrap(), |head| head.extensions.get::<IpAddr>().copied())
        .build()
        .unwrap();

    assert_eq!(post(&service, Some("198.51.100.7"), "event=X").await, 403);
    assert_eq!(post(&service, None, "event=X").await, 403);
    let known = Some("203.0.113.7");
    assert_eq!(post(&service, known, "AUTH_ID=a&PLACEMENT=DEFAULT&APPLICATION_TOKEN=t0ken").await, 200);
    for _ in 0..2 {
        assert_eq!(post(&service, known, &format!("event=X&data[text]={}", "x".repeat(4096))).await, 503);
    }
    let (stop, stopped) = oneshot::channel::<()>();
    drop(stop);
    worker.run_until(stopped).await;

    let text = log.text();
    for (level, said) in [
        (" INFO ", "refused: not from an address on the list status=403 source=198.51.100.7"),
        (" INFO ", "refused: where it comes from cannot be told status=403"),
        (" INFO ", "a page of the application was opened here, and its user sees nothing: it needs another address"),
        (" WARN ", "refused: there is no room for another event status=503"),
    ] {
        let mut lines = text.lines().filter(|line| line.contains(said));
        assert!(lines.next().is_some_and(|line| line.contains(level)), "{said}: {text}");
        // Of a flood, the first is enough.
        assert!(lines.all(|line| line.contains(" DEBUG ")), "{said}: {text}");
    }
}
