//! The authorisation server over real sockets: an address of its own, many at once, and every way it can break.
#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

use std::io;
use std::time::{Duration, Instant};

use b24_portal::{Fault, Installation, Portal, PortalBuilder};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn start(builder: PortalBuilder) -> (Portal, Installation) {
    let portal = builder.start().await.expect("a portal");
    let installed = portal.install(1);
    (portal, installed)
}

/// One request on a connection of its own: status and body. An end without an answer is status 0.
async fn send(origin: &str, head: &str, body: &str) -> io::Result<(u16, String)> {
    let mut tcp = TcpStream::connect(origin.split_once("://").expect("an address").1).await?;
    let length = body.len();
    let request = format!(
        "{head} HTTP/1.1\r\nhost: portal\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    tcp.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    Ok((status, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()))
}

/// Where a refresh is to be sent, and what.
fn refresh_form(portal: &Portal, refresh_token: &str) -> (String, String) {
    let app = portal.application();
    let (id, secret) = (app.client_id(), app.client_secret());
    let form = format!("grant_type=refresh_token&client_id={id}&client_secret={secret}&refresh_token={refresh_token}");
    (portal.auth_url().to_owned(), form)
}

async fn refresh(portal: &Portal, refresh_token: &str) -> io::Result<(u16, String)> {
    let (origin, form) = refresh_form(portal, refresh_token);
    send(&origin, "POST /oauth/token/", &form).await
}

async fn profile(portal: &Portal, token: &str) -> u16 {
    send(portal.url(), &format!("GET /rest/profile?auth={token}"), "").await.expect("an answer").0
}

#[tokio::test]
async fn the_two_servers_have_addresses_of_their_own() {
    let (portal, installed) = start(Portal::builder()).await;
    assert_ne!(portal.url(), portal.auth_url());
    let (status, body) = refresh(&portal, installed.refresh_token()).await.expect("an answer");
    let pair: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, &pair["client_endpoint"]), (200, &Value::from(format!("{}/rest/", portal.url()))));
    assert_eq!(format!("http://{}", pair["domain"].as_str().expect("a domain")), portal.auth_url());
    assert_eq!(profile(&portal, pair["access_token"].as_str().expect("a token")).await, 200);

    // Neither does the other's work.
    let (_, form) = refresh_form(&portal, installed.refresh_token());
    assert_eq!(send(portal.url(), "POST /oauth/token/", &form).await.expect("an answer").0, 404);
    assert_eq!(send(portal.auth_url(), "GET /oauth/authorize/", "").await.expect("an answer").0, 404);
    assert_eq!((portal.auth_requests().len(), portal.requests().len()), (2, 2));

    let addresses = [portal.url().to_owned(), portal.auth_url().to_owned()];
    portal.shutdown().await;
    for address in addresses {
        assert!(send(&address, "GET /", "").await.is_err(), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_bring_one_refresh_token_one_gets_a_pair() {
    let (portal, installed) = start(Portal::builder()).await;
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (origin, form) = refresh_form(&portal, installed.refresh_token());
            tokio::spawn(async move { send(&origin, "POST /oauth/token/", &form).await })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.expect("a task").expect("an answer").0);
    }
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses.iter().filter(|status| **status == 400).count()), (200, 49));
    assert_eq!(portal.token_exchanges(), 1);
}

#[tokio::test]
async fn every_fault_of_the_portal_can_strike_the_authorisation_server() {
    let (portal, installed) = start(Portal::builder()).await;
    let token = installed.refresh_token();
    // Before the exchange: the token is as good as before.
    for (fault, want) in [
        (Fault::html(502), Ok(502)),
        (Fault::refusal(503, "temporarily_unavailable"), Ok(503)),
        (Fault::refusal(400, "bad_verification_code"), Ok(400)),
        (Fault::moved("https://oauth.bitrix24.tech"), Ok(302)),
        (Fault::lost_response().before_handler(), Ok(0)),
        (Fault::reset(), Err(io::ErrorKind::ConnectionReset)),
        (Fault::reset_unread(), Err(io::ErrorKind::ConnectionReset)),
    ] {
        portal.auth_fault(fault.clone());
        let got = refresh(&portal, token).await.map(|(status, _)| status).map_err(|error| error.kind());
        assert_eq!(got, want, "{fault:?}");
    }
    assert_eq!(portal.token_exchanges(), 0);
    // A fault of the portal's is none of its business, and the other way round.
    portal.fault(Fault::html(500));
    portal.auth_fault(Fault::html(500).for_method("app.info"));
    let (status, body) = refresh(&portal, token).await.expect("an answer");
    assert_eq!(status, 200);
    assert_eq!(profile(&portal, installed.access_token()).await, 500);
    assert_eq!(profile(&portal, installed.access_token()).await, 200);
    portal.clear_faults();
    let info = format!("GET /rest/app.info?auth={}", installed.access_token());
    assert_eq!(send(portal.auth_url(), &info, "").await.expect("an answer").0, 200);

    // After it: the old token is gone, whether or not the answer could be read.
    let pair: Value = serde_json::from_str(&body).expect("JSON");
    let token = pair["refresh_token"].as_str().expect("a token");
    portal.auth_fault(Fault::truncated_body(10));
    let (status, body) = refresh(&portal, token).await.expect("the head of an answer");
    assert_eq!((status, body.len()), (200, 10));
    assert_eq!(refresh(&portal, token).await.expect("an answer").0, 400);
    assert_eq!(portal.token_exchanges(), 2);
}

#[tokio::test]
async fn a_refusal_is_json_with_a_code() {
    let (portal, installed) = start(Portal::builder()).await;
    portal.auth_fault(Fault::refusal(503, "a \"b\""));
    let (_, body) = refresh(&portal, installed.refresh_token()).await.expect("an answer");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body, serde_json::json!({"error": "a \"b\"", "error_description": ""}));
}

#[tokio::test]
async fn the_authorisation_server_is_as_slow_as_the_portal_or_as_it_is_told() {
    let took = |builder: PortalBuilder| async move {
        let (portal, installed) = start(builder).await;
        #[allow(clippy::disallowed_methods, reason = "a test of real waits")]
        let before = Instant::now();
        refresh(&portal, installed.refresh_token()).await.expect("an answer");
        before.elapsed()
    };
    let slow = Duration::from_millis(200);
    assert!(took(Portal::builder().latency(slow)).await >= slow);
    assert!(took(Portal::builder().auth_latency(slow)).await >= slow);
    assert!(took(Portal::builder().latency(Duration::from_secs(60)).auth_latency(Duration::ZERO)).await < slow * 100);
}

#[tokio::test]
async fn the_rate_of_the_rest_api_is_not_spent_by_authorisation() {
    let (portal, installed) = start(Portal::builder()).await;
    for _ in 0..60 {
        let page = send(portal.url(), "GET /oauth/authorize/?client_id=x", "").await.expect("an answer").0;
        let info = format!("GET /rest/app.info?auth={}", installed.access_token());
        assert_eq!((page, send(portal.auth_url(), &info, "").await.expect("an answer").0), (400, 200));
    }
    assert_eq!(profile(&portal, installed.access_token()).await, 200);
}
