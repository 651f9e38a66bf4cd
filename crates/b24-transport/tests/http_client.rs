//! The HTTP client against servers that answer with prepared bytes.

#![cfg(feature = "http-client")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{io::Write, net::SocketAddr, time::Duration};

use b24_core::{ApiVersion, Error, Grant, Method, Params, RestRequest, RestResponse, Secret};
use b24_transport::{HttpClient, RestLayer};
use flate2::{Compression, write::GzEncoder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tower::{Layer, ServiceExt};

/// A server that answers every request of every connection with the same bytes; its handle tells how many connections
/// there were.
async fn server(answer: Vec<u8>) -> (SocketAddr, JoinHandle<()>, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = std::sync::Arc::<std::sync::atomic::AtomicUsize>::default();
    let counter = std::sync::Arc::clone(&connections);
    let task = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::spawn(serve(stream, answer.clone()));
        }
    });
    (address, task, connections)
}

async fn serve(mut stream: TcpStream, answer: Vec<u8>) {
    let mut request = [0; 4096];
    // Each request comes in one piece: it is small.
    while stream.read(&mut request).await.is_ok_and(|read| read > 0) {
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn http(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    answer
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn request(origin: &str) -> RestRequest {
    let grant = Grant::webhook(origin.parse().unwrap(), 1, Secret::from("s3cr3t"));
    RestRequest::new(ApiVersion::V2, Method::new("profile").unwrap(), Params::empty()).with_grant(grant)
}

async fn call(layer: RestLayer, address: SocketAddr) -> Result<RestResponse, Error> {
    layer.layer(HttpClient::new()).oneshot(request(&format!("http://{address}"))).await
}

#[tokio::test]
async fn a_compressed_answer_is_decompressed() {
    let answer = http("Content-Encoding: gzip\r\n", &gzip(br#"{"result":"packed"}"#));
    let (address, ..) = server(answer).await;
    assert_eq!(call(RestLayer::new(), address).await.unwrap().result(), "\"packed\"");
}

#[tokio::test]
async fn the_size_limit_holds_after_decompression() {
    let bomb = gzip(format!(r#"{{"result":"{}"}}"#, "0".repeat(1 << 20)).as_bytes());
    assert!(bomb.len() < 4096);
    let (address, ..) = server(http("Content-Encoding: gzip\r\n", &bomb)).await;
    let error = call(RestLayer::new().with_max_response_size(64 << 10), address).await.unwrap_err();
    assert_eq!(error.code(), "INVALID_RESPONSE");
}

#[tokio::test]
async fn broken_compression_is_an_error_and_no_panic() {
    let (address, ..) = server(http("Content-Encoding: gzip\r\n", b"not gzip at all")).await;
    let error = call(RestLayer::new(), address).await.unwrap_err();
    assert!(error.may_have_run(), "{error:?}");
}

#[tokio::test]
async fn what_is_no_http_is_a_lost_connection() {
    let (address, ..) = server(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()).await;
    let error = call(RestLayer::new(), address).await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run()), ("NETWORK_ERROR", true));
}

#[tokio::test]
async fn calls_one_after_another_share_a_connection() {
    let (address, _task, connections) = server(http("", br#"{"result":1}"#)).await;
    let rest = RestLayer::new().layer(HttpClient::new());
    for _ in 0..5 {
        rest.clone().oneshot(request(&format!("http://{address}"))).await.unwrap();
    }
    assert_eq!(connections.load(std::sync::atomic::Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up_and_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("https://{}", listener.local_addr().unwrap());
    let _silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let client = HttpClient::builder().connect_timeout(Duration::from_millis(100)).build();
    let error = RestLayer::new().layer(client).oneshot(request(&origin)).await.unwrap_err();
    assert_eq!((error.code(), error.may_have_run()), ("NETWORK_ERROR", false));
}

#[test]
fn a_client_can_be_made_without_a_runtime() {
    let _client = HttpClient::new();
}
