//! The first call a newcomer makes, over every kind of connection.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use b24::{B24, ErrorKind, HttpClient, Reply, de};
use b24_portal::Portal;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
struct Profile {
    #[serde(rename = "ID", deserialize_with = "de::number")]
    id: u64,
    #[serde(rename = "NAME")]
    name: String,
}

#[tokio::test]
async fn a_webhook_url_is_all_it_takes() {
    let portal = Portal::builder().start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    let me: Reply<Profile> = b24.v2().call("profile").send().await.unwrap();
    assert_eq!(me.result.id, 1);
    assert!(!me.result.name.is_empty());
    assert!(me.time.unwrap().operating.is_some());
}

#[tokio::test]
async fn both_generations_are_served_by_one_webhook() {
    let portal = Portal::builder().rows(60).start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();

    let deals = b24.v2().call("crm.deal.list").params(json!({ "start": 50 })).send::<Vec<Value>>().await.unwrap();
    assert_eq!((deals.result.len(), deals.next, deals.total), (10, None, Some(60)));

    let params = json!({ "id": 1, "select": ["id", "title"] });
    let task = b24.v3().call("tasks.task.get").params(params).send::<Value>().await.unwrap();
    assert_eq!(task.result["item"]["id"], 1);

    let requests = portal.requests();
    let query = &requests[1].query;
    assert!(query.contains("bx24_sdk_type=b24-rust-sdk") && query.contains("bx24_request_id="), "{query}");
    assert_eq!(requests[0].body, r#"{"start":50}"#);
}

#[tokio::test]
async fn a_portal_with_its_own_certificate_authority_is_reached_over_http_2() {
    let portal = Portal::builder().tls().start().await.unwrap();
    let client = HttpClient::builder().root_certificates_pem(portal.ca_pem().unwrap().as_bytes()).unwrap().build();
    let b24 = B24::builder().http_client(client).webhook_url(&portal.hook_url()).unwrap();
    let me: Reply<Profile> = b24.v2().call("profile").send().await.unwrap();
    assert_eq!(me.result.id, 1);
    // ALPN chose h2: there is no `host` header in it.
    assert!(!portal.requests()[0].headers.contains_key("host"));
}

#[tokio::test]
async fn an_unknown_certificate_authority_is_refused_before_anything_is_sent() {
    let portal = Portal::builder().tls().start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    let error = b24.v2().call("profile").send::<Value>().await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.may_have_run()), (ErrorKind::Transport, "NETWORK_ERROR", false));
    assert!(portal.requests().is_empty());
}

#[tokio::test]
async fn digits_and_order_of_keys_reach_the_portal() {
    let portal = Portal::builder().start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    let text = r#"{"z":1,"a":123456789012345678901234567890,"m":0.10}"#;
    let raw = serde_json::value::RawValue::from_string(text.to_owned()).unwrap();
    b24.v2().call("profile").params(raw).send::<Value>().await.unwrap();
    assert_eq!(portal.requests()[0].body, text);
}

#[tokio::test]
async fn a_portal_in_process_needs_no_socket() {
    let portal = Portal::builder().in_process();
    let b24 = B24::builder().http_client(portal.service()).webhook_url(&portal.hook_url()).unwrap();
    assert_eq!(b24.v2().call("profile").send::<Profile>().await.unwrap().result.id, 1);
    assert_eq!(portal.requests().len(), 1);
}

#[tokio::test]
async fn many_calls_at_once_share_the_handle() {
    let portal = Portal::builder().limits(b24_portal::Limits::off()).start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for id in 1..=40_u64 {
        let b24 = b24.clone();
        calls.spawn(async move {
            let params = json!({ "entityTypeId": 2, "id": id });
            b24.v2().call("crm.item.get").params(params).send::<Value>().await.unwrap().result["item"]["id"] == id
        });
    }
    assert!(calls.join_all().await.into_iter().all(|right| right));
}
