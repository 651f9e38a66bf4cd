//! The portal over real sockets: both protocols, keep-alive, and every way a connection can break.
#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

use std::io;
use std::time::Duration;

use b24_portal::{Fault, Limits, Portal};
use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn portal() -> Portal {
    Portal::builder().limits(Limits::off()).start().await.expect("a portal")
}

async fn connect(portal: &Portal) -> TcpStream {
    let address = portal.url().strip_prefix("http://").expect("plain HTTP");
    TcpStream::connect(address).await.expect("a connection")
}

fn request(portal: &Portal, method: &str) -> Request<Full<Bytes>> {
    let url = format!("{}{method}", portal.hook_url());
    let body = r#"{"fields":{"TITLE":"x"},"order":{"ID":"DESC"},"start":-1}"#;
    Request::post(url).header("content-type", "application/json").body(body.into()).expect("a request")
}

/// One request on a connection of its own, as bytes.
async fn raw(portal: &Portal, method: &str) -> io::Result<Vec<u8>> {
    let mut tcp = connect(portal).await;
    let path = portal.hook_url().replace(portal.url(), "");
    let head =
        format!("POST {path}{method} HTTP/1.1\r\nhost: portal\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}");
    tcp.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    tcp.read_to_end(&mut answer).await?;
    Ok(answer)
}

async fn last_deal(portal: &Portal) -> String {
    let answer = raw(portal, "crm.deal.list?order[ID]=DESC&start=-1&select[]=ID").await.expect("an answer");
    let text = String::from_utf8(answer).expect("UTF-8");
    text.split(r#"{"ID":""#).nth(1).and_then(|rest| rest.split('"').next()).expect("an id").to_owned()
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let portal = portal().await;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(connect(&portal).await)).await.expect("a handshake");
    let driver = tokio::spawn(connection);
    for _ in 0..3 {
        let response = sender.send_request(request(&portal, "profile")).await.expect("an answer");
        assert_eq!(response.version(), Version::HTTP_11);
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        assert!(body.starts_with(br#"{"result":{"ID":"1""#));
    }
    assert_eq!(portal.requests().len(), 3);
    assert!(portal.requests()[0].source.is_loopback());
    driver.abort();
}

#[tokio::test]
async fn http2_is_spoken_without_being_asked_for() {
    let portal = portal().await;
    let io = TokioIo::new(connect(&portal).await);
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.expect("a handshake");
    let driver = tokio::spawn(connection);
    let calls: Vec<_> =
        (0..10).map(|_| tokio::spawn(sender.clone().send_request(request(&portal, "profile")))).collect();
    for call in calls {
        let response = call.await.expect("a task").expect("an answer");
        assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 200));
    }
    driver.abort();
}

#[tokio::test]
async fn a_lost_response_closes_the_connection_after_the_work() {
    let portal = portal().await;
    portal.fault(Fault::lost_response().for_method("crm.deal.add"));
    let answer = raw(&portal, "crm.deal.add?fields[TITLE]=x").await.expect("an orderly end");
    assert!(answer.is_empty());
    assert_eq!(last_deal(&portal).await, "121", "the deal was added all the same");
}

#[tokio::test]
async fn a_reset_is_a_reset_and_nothing_was_done() {
    let portal = portal().await;
    for fault in [Fault::reset(), Fault::reset_unread()] {
        portal.fault(fault);
        let error = raw(&portal, "crm.deal.add?fields[TITLE]=x").await.expect_err("a reset");
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }
    assert_eq!(last_deal(&portal).await, "120");
    let statuses: Vec<_> = portal.requests().iter().map(|request| request.status.is_some()).collect();
    assert_eq!(statuses, [false, false, true]);
}

#[tokio::test]
async fn a_reset_before_the_body_leaves_it_unread() {
    let portal = portal().await;
    portal.fault(Fault::reset_unread());
    let mut tcp = connect(&portal).await;
    let path = portal.hook_url().replace(portal.url(), "");
    // A body is announced and never sent: a portal that waited for it would hang.
    let head = format!("POST {path}profile HTTP/1.1\r\nhost: portal\r\ncontent-length: 1000\r\n\r\n");
    tcp.write_all(head.as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    let error = tcp.read_to_end(&mut answer).await.expect_err("a reset");
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    assert!(portal.requests()[0].body.is_empty());
}

#[tokio::test]
async fn a_truncated_body_ends_before_its_announced_length() {
    let portal = portal().await;
    portal.fault(Fault::truncated_body(10));
    let answer = raw(&portal, "profile").await.expect("an orderly end");
    let text = String::from_utf8(answer).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    assert_eq!(body, r#"{"result":"#);
    let announced = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    assert!(announced.parse::<usize>().expect("a number") > 100);
}

#[tokio::test]
async fn a_slow_body_comes_in_pieces() {
    let portal = portal().await;
    portal.fault(Fault::slow_body(100, Duration::from_millis(2)));
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(connect(&portal).await)).await.expect("a handshake");
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request(&portal, "profile")).await.expect("an answer");
    let whole = response.into_body().collect().await.expect("a body").to_bytes();
    assert!(whole.ends_with(b"}}") && whole.len() > 200, "it takes its time, but it is complete");
    driver.abort();
}

#[tokio::test]
async fn faults_break_http2_connections_too() {
    let portal = portal().await;
    for fault in [Fault::reset(), Fault::lost_response(), Fault::truncated_body(10)] {
        portal.fault(fault);
        let io = TokioIo::new(connect(&portal).await);
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.expect("a handshake");
        let driver = tokio::spawn(connection);
        let broken = match sender.send_request(request(&portal, "profile")).await {
            Ok(response) => response.into_body().collect().await.is_err(),
            Err(_) => true,
        };
        assert!(broken);
        driver.abort();
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_answered_by_the_web_server() {
    let portal = Portal::builder().limits(Limits::off()).max_body(1000).start().await.expect("a portal");
    for (size, want) in [(1000, "HTTP/1.1 200"), (1001, "HTTP/1.1 413"), (100_000, "HTTP/1.1 413")] {
        let mut tcp = connect(&portal).await;
        let path = portal.hook_url().replace(portal.url(), "");
        let head = format!(
            "POST {path}profile HTTP/1.1\r\nhost: portal\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n"
        );
        // As much of it as the portal reads before it answers: a client may be stopped in the middle.
        let sent = vec![b'x'; size.min(2001)];
        tcp.write_all(head.as_bytes()).await.expect("written");
        tcp.write_all(&sent).await.expect("written");
        let mut answer = vec![0; want.len()];
        tcp.read_exact(&mut answer).await.expect("an answer");
        assert_eq!(String::from_utf8_lossy(&answer), want, "{size}");
    }
}

#[tokio::test]
async fn a_dropped_portal_stops_listening() {
    let portal = portal().await;
    let mut kept = connect(&portal).await;
    let address = portal.url().strip_prefix("http://").expect("plain HTTP").to_owned();
    portal.shutdown().await;
    assert!(TcpStream::connect(&address).await.is_err());
    let mut rest = Vec::new();
    assert_eq!(kept.read_to_end(&mut rest).await.unwrap_or(0), 0, "open connections go as well");

    let portal = Portal::builder().start().await.expect("a portal");
    let address = portal.url().strip_prefix("http://").expect("plain HTTP").to_owned();
    drop(portal);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(&address).await.is_err());
}

#[tokio::test]
async fn the_port_can_be_chosen() {
    let first = portal().await;
    let port: u16 = first.url().rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let taken = Portal::builder().port(port).start().await;
    assert_eq!(taken.expect_err("the port is taken").kind(), io::ErrorKind::AddrInUse);
    first.shutdown().await;
    let second = Portal::builder().port(port).start().await.expect("free again");
    assert!(second.url().ends_with(&format!(":{port}")));
}

#[tokio::test]
async fn sockets_and_services_share_one_portal() {
    use tower_service::Service;
    let portal = portal().await;
    let path = portal.hook_url().replace(portal.url(), "");
    let add = Request::post(format!("{path}crm.deal.add?fields[TITLE]=x")).body(Bytes::new()).expect("a request");
    portal.service().call(add.map(Full::new)).await.expect("an answer");
    assert_eq!(last_deal(&portal).await, "121");
}
