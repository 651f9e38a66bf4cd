//! No token, code or client secret is in any log, error, address or `Debug` text of an OAuth application: every flow is
//! driven with the log at its most talkative, and all that was written is searched.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/log.rs"]
mod log;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use b24::{
    B24, HttpClient, OAuth, OAuthApp, OAuthParams, OAuthSecret,
    oauth::{AppPage, FileStore, LoginState, Redirect, TokenKey, TokenRecord},
};
use b24_portal::{Fault, Portal};
use log::Log;
use serde_json::{Value, json};
use tower::ServiceExt;

fn now() -> SystemTime {
    #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
    SystemTime::now()
}

/// What must not be found.
type Secrets = Arc<Mutex<Vec<String>>>;

fn keep(secrets: &Secrets, params: &OAuthParams) {
    let mut secrets = secrets.lock().unwrap();
    secrets.extend([params.access_token().expose().to_owned(), params.refresh_token().expose().to_owned()]);
    secrets.extend(params.application_token().map(|token| token.expose().to_owned()));
}

/// Answers in place of tokens; some repeat what they were asked with, as gateways do.
fn faults(params: &OAuthParams, client_secret: &str) -> Vec<Fault> {
    let (access, refresh) = (params.access_token().expose(), params.refresh_token().expose());
    let echo =
        json!({ "error": "invalid_grant", "error_description": format!("{refresh} of {client_secret} {access}") });
    let code = json!({ "error": format!("no {refresh}"), "error_description": client_secret });
    vec![
        Fault::reply(400, "application/json", echo.to_string()),
        Fault::reply(400, "application/json", code.to_string()),
        Fault::reply(200, "application/json", json!({ "access_token": access, "member_id": refresh }).to_string()),
        Fault::reply(200, "application/json", json!({ "access_token": [access] }).to_string()),
        Fault::reply(200, "text/html", format!("<html>{refresh}</html>")),
        Fault::reply(500, "text/html", format!("<html>{client_secret}</html>")),
        Fault::reset(),
        Fault::truncated_body(20),
        Fault::refusal(200, "wrong_client"),
    ]
}

#[tokio::test]
async fn no_flow_of_an_application_writes_a_secret_anywhere() {
    let log = Log::default();
    let _guard = log.everything();
    let portal = Portal::builder().tls().redirect_uri("https://app.example.com/back").start().await.unwrap();
    let secrets = Secrets::default();
    let client_secret = portal.application().client_secret().to_owned();
    secrets.lock().unwrap().extend([client_secret.clone(), portal.application().application_token().to_owned()]);
    let pem = portal.ca_pem().unwrap();
    let client = HttpClient::builder().root_certificates_pem(pem.as_bytes()).unwrap().build();
    let secret = OAuthSecret::new(portal.application().client_id(), client_secret.clone()).unwrap();
    let app = OAuthApp::new(secret, client.clone())
        .with_trusted_server(portal.auth_url().parse().unwrap())
        .with_timeout(Duration::from_secs(2));

    // A login, its page forged and its code used twice.
    let state = LoginState::new();
    secrets.lock().unwrap().push(state.as_str().to_owned());
    let page = app.authorize_url(&portal.url().parse().unwrap(), &state);
    let request = http::Request::get(page.strip_prefix(portal.url()).unwrap()).body(String::new()).unwrap();
    let answer = portal.service().oneshot(request).await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap().to_owned();
    let code = back.split_once("code=").unwrap().1.split('&').next().unwrap().to_owned();
    secrets.lock().unwrap().push(code);
    log.note(&Redirect::parse(&back, &LoginState::new()).unwrap_err());
    let redirect = Redirect::parse(&back, &state).unwrap();
    log.add(&format!("{redirect:?} {state:?} {app:?}"));
    let params = app.exchange_code(&redirect).await.unwrap();
    keep(&secrets, &params);
    log.note(&app.exchange_code(&redirect).await.unwrap_err());

    // A page that was forged.
    let opened = portal.install(1);
    secrets.lock().unwrap().extend([opened.access_token().to_owned(), opened.refresh_token().to_owned()]);
    let page = AppPage::parse(&opened.page_query(), opened.page_form().as_bytes(), now()).unwrap();
    log.add(&format!("{page:?} {:?}", app.verify(page.params().clone()).await.unwrap()));
    for member in ["another", "no/such"] {
        let forged = opened.page_form().replace(portal.member_id(), member);
        match AppPage::parse(&opened.page_query(), forged.as_bytes(), now()) {
            Ok(page) => log.note(&app.verify(page.into_params()).await.unwrap_err()),
            Err(error) => log.note(&error),
        }
    }

    // Renewals that go wrong in every way, and calls that wait for them.
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::folder(folder.path());
    let key = TokenKey::new(portal.member_id()).unwrap();
    log.add(&format!("{store:?} {:?}", TokenRecord::new(params.clone())));
    let heard = Arc::clone(&secrets);
    let hear = move |params: OAuthParams| {
        keep(&heard, &params);
        std::future::ready(())
    };
    let builder = OAuth::builder(app.clone()).on_renewal(hear).store(store);
    let oauth = builder.clone().install(key.clone(), params).await.unwrap();
    let b24 = B24::builder().http_client(client).oauth(&oauth);
    for number in 0..faults(&oauth.params().await.unwrap(), &client_secret).len() {
        let fresh = portal.install(1);
        let fresh = OAuthParams::from_install_event(fresh.event_form().as_bytes(), now()).unwrap();
        keep(&secrets, &fresh);
        let fault = faults(&fresh, &client_secret).swap_remove(number);
        oauth.install(fresh).await.unwrap();
        portal.expire_access_tokens();
        portal.auth_fault(fault.times(3));
        for call in [b24.v2().call("profile"), b24.v3().call("profile")] {
            if let Err(error) = call.send::<Value>().await {
                log.note(&error);
            }
        }
        portal.clear_faults();
    }
    let fresh = OAuthParams::from_install_event(portal.install(1).event_form().as_bytes(), now()).unwrap();
    keep(&secrets, &fresh);
    oauth.install(fresh).await.unwrap();
    portal.expire_access_tokens();
    b24.v2().call("profile").send::<Value>().await.unwrap();
    let path = folder.path().join(format!("{key}.json"));
    log.add(&format!("{oauth:?} {b24:?} {:?}", oauth.app_info().await));

    // A file that is not what it was.
    for text in [
        r#"{"params": {"accessToken": "t0kenInAFile"#,
        r#"{"params": {"accessToken": "t0kenInAFile", "expires": "t0kenInAFile"}}"#,
    ] {
        secrets.lock().unwrap().push("t0kenInAFile".to_owned());
        std::fs::write(&path, text).unwrap();
        log.note(&builder.clone().open(key.clone()).await.unwrap_err());
    }

    let text = log.text();
    for request in portal.requests().iter().chain(&portal.auth_requests()) {
        log.add(&format!("{} {}", request.path, request.query));
    }
    let secrets = secrets.lock().unwrap();
    assert!(secrets.len() > 20);
    // The portal's own side of the login is a page of the browser: its address has the state.
    log.holds_none_of(secrets.iter().map(String::as_str).filter(|secret| *secret != state.as_str()));
    for word in ["tokens renewed and stored", "could not be renewed", "asked again", "h2::codec"] {
        assert!(text.contains(word), "{word} is missing");
    }
}
