//! HTTPS with the portal's own authority.
#![cfg(feature = "tls")]
#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

use std::sync::Arc;

use b24_portal::Portal;
use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

fn connector(ca_pem: Option<&str>, protocols: &[&[u8]]) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca_pem {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).expect("PEM")).expect("a certificate");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

async fn dial(portal: &Portal, connector: &TlsConnector, name: &'static str) -> std::io::Result<TlsStream<TcpStream>> {
    dial_at(portal.url(), connector, name).await
}

async fn dial_at(url: &str, connector: &TlsConnector, name: &'static str) -> std::io::Result<TlsStream<TcpStream>> {
    let address = url.strip_prefix("https://").expect("HTTPS");
    let tcp = TcpStream::connect(address).await?;
    connector.connect(ServerName::try_from(name).expect("a name"), tcp).await
}

fn request(portal: &Portal) -> Request<Full<Bytes>> {
    Request::get(format!("{}profile", portal.hook_url())).body(Full::default()).expect("a request")
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_gets_through_by_every_name() {
    let portal = Portal::builder().tls().start().await.expect("a portal");
    let connector = connector(portal.ca_pem(), &[b"http/1.1"]);
    for name in ["localhost", "127.0.0.1", "::1"] {
        let stream = dial(&portal, &connector, name).await.expect("a handshake");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request(&portal)).await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{name}");
        assert!(!response.into_body().collect().await.expect("a body").to_bytes().is_empty());
        driver.abort();
    }
}

#[tokio::test]
async fn http2_is_agreed_on_by_alpn() {
    let portal = Portal::builder().tls().start().await.expect("a portal");
    let connector = connector(portal.ca_pem(), &[b"h2", b"http/1.1"]);
    let stream = dial(&portal, &connector, "localhost").await.expect("a handshake");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.expect("HTTP/2");
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request(&portal)).await.expect("an answer");
    assert_eq!(response.version(), Version::HTTP_2);
    driver.abort();
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_authority_is_stopped() {
    let portal = Portal::builder().tls().start().await.expect("a portal");
    assert!(dial(&portal, &connector(None, &[]), "localhost").await.is_err());
    let right = connector(portal.ca_pem(), &[]);
    assert!(dial(&portal, &right, "example.com").await.is_err(), "the certificate is for loopback names only");
    assert!(portal.requests().is_empty());
}

#[tokio::test]
async fn the_authorisation_server_is_vouched_for_by_the_same_authority() {
    let portal = Portal::builder().tls().start().await.expect("a portal");
    assert_ne!(portal.url(), portal.auth_url());
    let connector = connector(portal.ca_pem(), &[b"http/1.1"]);
    let stream = dial_at(portal.auth_url(), &connector, "127.0.0.1").await.expect("a handshake");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
    let driver = tokio::spawn(connection);
    let installed = portal.install(1);
    assert!(installed.page_query().contains("PROTOCOL=1") && installed.server_endpoint().starts_with("https://"));
    let url = format!("{}app.info?auth={}", installed.server_endpoint(), installed.access_token());
    let request = Request::get(url).body(Full::<Bytes>::default()).expect("a request");
    assert_eq!(sender.send_request(request).await.expect("an answer").status().as_u16(), 200);
    driver.abort();
}

#[tokio::test]
async fn a_plain_portal_has_no_authority() {
    assert_eq!(Portal::builder().start().await.expect("a portal").ca_pem(), None);
}
