//! From the login page to the first pair, and whose token it is.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use b24_auth_oauth::{LoginState, Redirect};
use b24_core::ErrorKind;
use serde_json::{Value, json};
use support::{Clock, Server, Step, params, refusal, reply};

fn redirect() -> Redirect {
    let query =
        "code=c0de-S3cr3t&state=st4te&domain=p.bitrix24.com&member_id=m1&scope=crm&server_domain=oauth.bitrix24.tech";
    Redirect::parse(query, &LoginState::from("st4te".to_owned())).unwrap()
}

fn first(change: &Value) -> String {
    let mut first = reply(1);
    first["client_endpoint"] = "https://p.bitrix24.com/rest/".into();
    first["server_endpoint"] = "https://oauth.bitrix24.tech/rest/".into();
    first["domain"] = "oauth.bitrix.info".into();
    for (name, value) in change.as_object().unwrap() {
        first[name] = value.clone();
    }
    first.to_string()
}

fn info(change: &Value) -> String {
    let mut info = json!({ "client_id": "app.1", "user_id": 7, "scope": "crm",
        "install": { "installed": true, "status": "P", "member_id": "m1", "client_endpoint": "https://true.bitrix24.com/rest/" } });
    for (name, value) in change.as_object().unwrap() {
        info[name] = value.clone();
    }
    json!({ "result": info }).to_string()
}

#[test]
fn the_login_page_is_the_portal_s_with_client_id_and_state() {
    let app = Server::default().app(&Clock::new());
    let url = app.authorize_url(&"https://p.bitrix24.com".parse().unwrap(), &LoginState::from("a b&c".to_owned()));
    assert_eq!(url, "https://p.bitrix24.com/oauth/authorize/?client_id=app%2E1&state=a%20b%26c");
}

#[tokio::test(start_paused = true)]
async fn a_code_becomes_tokens_of_the_portal_in_client_endpoint() {
    let server = Server::new([Step::Answer(200, first(&json!({})))]);
    let params = server.app(&Clock::new()).exchange_code(&redirect()).await.unwrap();
    assert_eq!(params.portal().to_string(), "https://p.bitrix24.com");
    let seen = &server.seen()[0];
    assert_eq!(seen.uri, "https://oauth.bitrix24.tech/oauth/token/");
    let want = [
        ("grant_type", "authorization_code"),
        ("client_id", "app.1"),
        ("client_secret", "clientS3cr3t"),
        ("code", "c0de-S3cr3t"),
    ];
    assert_eq!(seen.form, want.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn tokens_of_another_portal_or_server_are_refused() {
    for (change, code) in [
        (json!({ "member_id": "m2" }), "FOREIGN_TOKEN"),
        (json!({ "server_endpoint": "https://oauth.evil.com/rest/" }), "UNTRUSTED_SERVER"),
        (json!({ "client_endpoint": null }), "INVALID_RESPONSE"),
        (json!({ "client_endpoint": "http://p.bitrix24.com/rest/" }), "INVALID_RESPONSE"),
    ] {
        let server = Server::new([Step::Answer(200, first(&change))]);
        let error = server.app(&Clock::new()).exchange_code(&redirect()).await.unwrap_err();
        assert_eq!(error.code(), code, "{change}");
        assert!(!format!("{error:?}").contains("acc3ss"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_a_strange_server_sends_nothing() {
    let server = Server::new([]);
    let query = "code=c0de&state=st4te&server_domain=oauth.evil.com";
    let strange = Redirect::parse(query, &LoginState::from("st4te".to_owned())).unwrap();
    assert_eq!(server.app(&Clock::new()).exchange_code(&strange).await.unwrap_err().code(), "UNTRUSTED_SERVER");
}

#[tokio::test(start_paused = true)]
async fn a_used_code_is_refused_with_the_server_s_code_and_not_repeated() {
    let server = Server::new([Step::Answer(400, refusal("invalid_grant"))]);
    let error = server.app(&Clock::new()).exchange_code(&redirect()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "invalid_grant"));
    assert!(!format!("{error:?}").contains("S3cr3t"));
}

#[tokio::test(start_paused = true)]
async fn whose_token_it_is_says_the_authorisation_server() {
    let server = Server::new([Step::Answer(200, info(&json!({}))), Step::Answer(200, info(&json!({})))]);
    let app = server.app(&Clock::new());
    let info = app.app_info(&params()).await.unwrap();
    assert!(info.is_installed());
    let seen = &server.seen()[0];
    assert_eq!(seen.uri, "https://oauth.bitrix.info/rest/app.info/");
    assert_eq!(seen.form, [("auth".to_owned(), "acc3ss-1".to_owned())]);
    // The browser's word on the portal is replaced.
    let verified = app.verify(params()).await.unwrap();
    assert_eq!((verified.portal().to_string().as_str(), verified.user_id()), ("https://true.bitrix24.com", Some(7)));
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_application_or_portal_is_foreign() {
    for (status, body, code) in [
        (200, info(&json!({ "client_id": "app.2" })), "FOREIGN_TOKEN"),
        (200, info(&json!({ "install": { "member_id": "m2" } })), "FOREIGN_TOKEN"),
        (401, json!({ "error": "expired_token", "error_description": "acc3ss-1" }).to_string(), "expired_token"),
        (200, "<html>".to_owned(), "INVALID_RESPONSE"),
    ] {
        let server = Server::new([Step::Answer(status, body)]);
        let error = server.app(&Clock::new()).app_info(&params()).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, code));
        assert!(!format!("{error:?}").contains("acc3ss"));
    }
}
