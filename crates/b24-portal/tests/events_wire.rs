//! Letters over loopback sockets.

#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use b24_portal::{DeliveryFate, EventFault, Portal};
use bytes::Bytes;
use common::form::read;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

/// A handler on a socket.
#[derive(Clone, Default)]
struct Handler {
    bodies: Arc<Mutex<Vec<Bytes>>>,
    paths: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    /// Whether it closes the connection after each answer.
    closes: bool,
}

impl Handler {
    async fn start(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                self.connections.fetch_add(1, Ordering::SeqCst);
                let handler = self.clone();
                let service = service_fn(move |request| handler.clone().answer(request));
                let mut builder = hyper::server::conn::http1::Builder::new();
                builder.keep_alive(!self.closes);
                tokio::spawn(builder.serve_connection(TokioIo::new(tcp), service));
            }
        });
        address
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        let host = request.headers()["host"].to_str().expect("text").to_owned();
        self.paths.lock().expect("no panic").push(format!("{host}{}", request.uri()));
        let body = request.into_body().collect().await.expect("a body").to_bytes();
        self.bodies.lock().expect("no panic").push(body);
        Ok(Response::new(Full::from("ok")))
    }

    fn numbers(&self, token: &str) -> Vec<u32> {
        let bodies = self.bodies.lock().expect("no panic");
        let letters = bodies.iter().map(|body| read(std::str::from_utf8(body).expect("UTF-8")));
        let known = letters.filter(|letter| letter.get("auth[application_token]").is_some_and(|sent| sent == token));
        known.map(|letter| letter["data[n]"].parse().expect("a number")).collect()
    }
}

async fn portal() -> Portal {
    Portal::builder().keep_requests(20_000).start().await.expect("a portal")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nine_thousand_events_and_a_thousand_forgeries_arrive() {
    let handler = Handler::default();
    let address = handler.clone().start().await;
    let portal = portal().await;
    let hook = portal.outgoing_webhook(["ONCRMDEALADD"], format!("http://{address}/hook?x=1"));
    portal.event_fault(EventFault::forged().every(9).times(1_000));
    for number in 0..9_000 {
        portal.fire_event("ONCRMDEALADD", json!({"n": number}));
    }
    portal.deliveries_done().await;
    assert_eq!(handler.bodies.lock().expect("no panic").len(), 10_000);
    let mut known = handler.numbers(hook.application_token());
    known.sort_unstable();
    assert_eq!(known, (0..9_000).collect::<Vec<_>>());
    let sent = portal.deliveries();
    assert_eq!(sent.iter().filter(|sent| sent.forged).count(), 1_000);
    assert!(sent.iter().all(|sent| sent.status().is_some_and(|status| status.is_success())));
    assert_eq!(handler.paths.lock().expect("no panic")[0], format!("{address}/hook?x=1"));
    // Connections are kept for the next letter.
    assert!(handler.connections.load(Ordering::SeqCst) <= 32);
}

#[tokio::test]
async fn a_handler_that_closes_its_connections_loses_nothing() {
    let handler = Handler { closes: true, ..Handler::default() };
    let address = handler.clone().start().await;
    let portal = portal().await;
    let hook = portal.outgoing_webhook(["E"], format!("http://{address}/"));
    for round in 0..20 {
        portal.fire_event("E", json!({"n": round}));
        portal.deliveries_done().await;
    }
    assert_eq!(handler.numbers(hook.application_token()), (0..20).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_call_over_a_socket_is_answered_before_its_event_is() {
    // A handler that takes everything and answers nothing.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let portal = portal().await;
    portal.outgoing_webhook(["ONCRMDEALDELETE"], format!("http://{address}/"));
    let request = Request::post(format!("{}crm.deal.delete?id=5", portal.hook_url()));
    let request = request.body(Full::<Bytes>::default()).expect("a request");
    let mut service = portal.service();
    let answer = tower_service::Service::call(&mut service, request).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let (mut tcp, _) = listener.accept().await.expect("a letter");
    let mut head = [0; 15];
    tcp.read_exact(&mut head).await.expect("a letter");
    assert_eq!(&head, b"POST / HTTP/1.1");
    assert_eq!(portal.deliveries()[0].fate, DeliveryFate::UnderWay);
    // Nobody waits for it when the portal goes.
    drop(portal);
    tcp.read_to_end(&mut Vec::new()).await.expect("the end");
}

#[tokio::test]
async fn what_cannot_be_delivered_to_says_why() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let portal = portal().await;
    for url in ["https://127.0.0.1/", "http://app.example/", "no address", &format!("http://{nobody}/")] {
        portal.outgoing_webhook(["E"], url);
    }
    assert_eq!(portal.fire_event("e", json!({})), 4);
    portal.deliveries_done().await;
    for sent in portal.deliveries() {
        assert!(matches!(&sent.fate, DeliveryFate::Failed(text) if !text.is_empty()), "{sent:?}");
    }
}

#[test]
fn a_runtime_that_ends_takes_its_letters_with_it() {
    let portal = Portal::builder().in_process();
    portal.outgoing_webhook(["E"], "http://127.0.0.1:9/");
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let first = runtime();
    first.block_on(async {
        portal.event_fault(EventFault::delayed(std::time::Duration::from_secs(3600)));
        portal.fire_event("E", json!({}));
        portal.fire_event("E", json!({}));
    });
    drop(first);
    runtime().block_on(portal.deliveries_done());
    let fates: Vec<DeliveryFate> = portal.deliveries().into_iter().map(|sent| sent.fate).collect();
    assert_eq!(fates[0], DeliveryFate::Failed("the portal stopped".to_owned()));
    // Nobody had begun with the other one.
    assert!(matches!(&fates[1], DeliveryFate::Failed(text) if !text.contains("stopped")), "{fates:?}");
}

#[test]
fn letters_wait_for_a_runtime() {
    let portal = Portal::builder().in_process();
    let inbox = common::events::Inbox::new();
    portal.deliver_to(inbox.clone());
    portal.outgoing_webhook(["E"], "https://hook.example/");
    portal.fire_event("E", json!({}));
    assert_eq!(portal.deliveries()[0].fate, DeliveryFate::UnderWay);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(portal.deliveries_done());
    assert_eq!(inbox.events(), ["E"]);
}
