//! An OAuth application against a portal and its authorisation server, over real sockets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/application.rs"]
mod application;

use std::time::{Duration, SystemTime};

use application::application_of;
use b24::{
    B24, Error, ErrorKind, HttpClient, OAuth, OAuthApp, OAuthParams,
    oauth::{AppPage, LoginState, MemoryStore, Redirect, TokenKey},
};
use b24_portal::{Fault, Installation, Limits, Portal};
use serde_json::{Value, json};

fn now() -> SystemTime {
    #[allow(clippy::disallowed_methods, reason = "the edge reads the clock")]
    SystemTime::now()
}

fn app(portal: &Portal) -> OAuthApp {
    application_of(portal, HttpClient::new())
}

fn params(installation: &Installation) -> OAuthParams {
    OAuthParams::from_install_event(installation.event_form().as_bytes(), now()).unwrap()
}

async fn installed() -> (Portal, OAuth, B24) {
    let portal = Portal::builder().start().await.unwrap();
    let oauth = OAuth::new(app(&portal), params(&portal.install(1))).unwrap();
    let b24 = B24::builder().oauth(&oauth);
    (portal, oauth, b24)
}

async fn id(b24: &B24) -> Result<Value, Error> {
    Ok(b24.v2().call("profile").send::<Value>().await?.result["ID"].clone())
}

#[tokio::test]
async fn an_installation_is_all_it_takes_to_call_both_generations() {
    let (portal, _, b24) = installed().await;
    assert_eq!(id(&b24).await.unwrap(), "1");
    let task = b24.v3().call("tasks.task.get").params(json!({ "id": 1, "select": ["id"] }));
    assert_eq!(task.send::<Value>().await.unwrap().result["item"]["id"], 1);
    for request in portal.requests() {
        assert!(!request.query.to_string().contains("auth"), "the token is in no address");
    }
}

#[tokio::test]
async fn a_login_ends_with_tokens() {
    let portal = Portal::builder().redirect_uri("http://localhost:7777/back").start().await.unwrap();
    let app = app(&portal);
    let state = LoginState::new();
    let url = app.authorize_url(&portal.url().parse().unwrap(), &state);

    // What the user's browser does.
    let request = http::Request::get(url.strip_prefix(portal.url()).unwrap()).body(String::new()).unwrap();
    let answer = tower::ServiceExt::oneshot(portal.service(), request).await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap().to_owned();

    // `server_domain` is a host, and taken to speak https; the portal of this test does not.
    let redirect = Redirect::parse(&back, &state).unwrap().with_server(portal.auth_url().parse().unwrap());
    let params = app.exchange_code(&redirect).await.unwrap();
    assert_eq!(params.portal().to_string(), portal.url());
    assert_eq!(params.member_id(), portal.member_id());
    let oauth = OAuth::new(app.clone(), params).unwrap();
    assert_eq!(id(&B24::builder().oauth(&oauth)).await.unwrap(), "1");

    let again = app.exchange_code(&redirect).await.unwrap_err();
    assert_eq!((again.kind(), again.code()), (ErrorKind::Auth, "invalid_grant"));
    assert_eq!(Redirect::parse(&back, &LoginState::new()).unwrap_err().code(), "STATE_MISMATCH");
}

#[tokio::test]
async fn a_page_is_believed_when_the_authorisation_server_knows_its_token() {
    let portal = Portal::builder().start().await.unwrap();
    let app = app(&portal);
    let opened = portal.install(3);
    let page = AppPage::parse(&opened.page_query(), opened.page_form().as_bytes(), now()).unwrap();
    let params = app.verify(page.into_params()).await.unwrap();
    assert_eq!(params.user_id(), Some(3));

    let forged = opened.page_form().replace(opened.access_token(), "forged");
    let page = AppPage::parse(&opened.page_query(), forged.as_bytes(), now()).unwrap();
    assert_eq!(app.verify(page.into_params()).await.unwrap_err().code(), "invalid_token");
    let other = opened.page_form().replace(portal.member_id(), "othermember");
    let page = AppPage::parse(&opened.page_query(), other.as_bytes(), now()).unwrap();
    assert_eq!(app.verify(page.into_params()).await.unwrap_err().code(), "FOREIGN_TOKEN");
}

// Defect 2 of the official SDK: each generation renewed on its own, with the same refresh token.
#[tokio::test]
async fn a_thousand_calls_of_both_generations_at_the_moment_of_expiry_renew_once() {
    let limits = Limits::default().with_rate(100_000, 100_000);
    let portal = Portal::builder().limits(limits).start().await.unwrap();
    let oauth = OAuth::new(app(&portal), params(&portal.install(1))).unwrap();
    let mut restrictions = b24::Restrictions::default();
    restrictions.rate = None;
    // Without sockets, of which a process may have fewer than two thousand; the renewal has one.
    let client = portal.service();
    let b24 = B24::builder().http_client(client).restrictions(restrictions).unwrap().oauth(&oauth);
    portal.clear_requests();
    portal.expire_access_tokens();
    let calls = (0..1000).map(|n| {
        let b24 = b24.clone();
        tokio::spawn(async move {
            let params = json!({ "id": 1, "select": ["id"] });
            if n % 2 == 0 {
                b24.v2().call("profile").send::<Value>().await.map(drop)
            } else {
                b24.v3().call("tasks.task.get").params(params).send::<Value>().await.map(drop)
            }
        })
    });
    let outcomes = futures_util::future::join_all(calls).await;
    let failed: Vec<_> = outcomes.into_iter().filter_map(|outcome| outcome.unwrap().err()).collect();
    assert!(failed.is_empty(), "{} failed, the first with {:?}", failed.len(), failed[0]);
    assert_eq!(portal.token_exchanges(), 1);
    assert_eq!(portal.auth_requests().len(), 1);
}

#[tokio::test]
async fn a_write_that_was_refused_for_its_token_runs_once() {
    let (portal, _, b24) = installed().await;
    portal.expire_access_tokens();
    let fields = json!({ "fields": { "TITLE": "once" } });
    let added = b24.v2().call("crm.deal.add").params(fields).send::<u64>().await.unwrap().result;
    let found = b24.v2().call("crm.deal.list").params(json!({ "filter": { "TITLE": "once" } }));
    let found = found.send::<Vec<Value>>().await.unwrap().result;
    assert_eq!((found.len(), &found[0]["ID"]), (1, &Value::from(added.to_string())));
}

#[tokio::test]
async fn a_second_refusal_comes_out() {
    let (portal, _, b24) = installed().await;
    portal.fault(Fault::refusal(401, "expired_token").times(2));
    let error = id(&b24).await.unwrap_err();
    assert_eq!((error.kind(), error.code(), error.attempts()), (ErrorKind::Rest, "expired_token", 2));
    assert_eq!(portal.token_exchanges(), 1);
}

// Whatever v3 says with 401 asks for a renewal, also what no renewal heals.
#[tokio::test]
async fn a_refusal_that_no_renewal_heals_does_not_rotate_the_pair_with_each_call() {
    let (portal, _, b24) = installed().await;
    portal.fault(Fault::refusal(401, "user_access_error").times(40));
    for _ in 0..20 {
        let task = b24.v3().call("tasks.task.get").params(json!({ "id": 1, "select": ["id"] }));
        assert_eq!(task.send::<Value>().await.unwrap_err().code(), "user_access_error");
    }
    assert_eq!(portal.token_exchanges(), 1);
}

// Defect 21 of the official SDK: a 307 carried the token to another host.
#[tokio::test]
async fn a_redirect_of_the_portal_or_the_authorisation_server_carries_nothing() {
    let (portal, _, b24) = installed().await;
    let other = Portal::builder().seed(7).start().await.unwrap();
    portal.fault(Fault::moved(other.url()));
    assert_eq!(id(&b24).await.unwrap_err().code(), "REDIRECT_REFUSED");
    portal.expire_access_tokens();
    portal.auth_fault(Fault::moved(other.auth_url()));
    let error = id(&b24).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "REDIRECT_REFUSED"));
    assert!(other.requests().is_empty() && other.auth_requests().is_empty());
}

#[tokio::test]
async fn an_application_that_was_removed_says_so() {
    let (portal, _, b24) = installed().await;
    portal.uninstall();
    portal.fault(Fault::refusal(401, "expired_token"));
    let error = id(&b24).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "NOT_INSTALLED"));
    assert!(!error.may_have_run());
}

#[tokio::test]
async fn a_renewal_whose_answer_was_lost_says_that_the_pair_is_gone() {
    let (portal, oauth, b24) = installed().await;
    portal.expire_access_tokens();
    portal.auth_fault(Fault::lost_response());
    let error = id(&b24).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "invalid_grant"));
    assert!(error.message().contains("an earlier send"), "{error}");
    // The way out.
    oauth.install(params(&portal.install(1))).await.unwrap();
    assert_eq!(id(&b24).await.unwrap(), "1");
}

#[tokio::test]
async fn a_renewal_finds_its_way_past_a_gateway_that_fails() {
    let (portal, _, b24) = installed().await;
    for fault in [Fault::html(502), Fault::reset(), Fault::html(503)] {
        portal.expire_access_tokens();
        portal.auth_fault(fault);
        assert_eq!(id(&b24).await.unwrap(), "1");
    }
    assert_eq!(portal.token_exchanges(), 3);
}

#[tokio::test]
async fn a_page_in_place_of_tokens_overwrites_nothing() {
    let (portal, oauth, b24) = installed().await;
    let before = oauth.params().await.unwrap().refresh_token().expose().to_owned();
    portal.expire_access_tokens();
    portal.auth_fault(Fault::html(200));
    let error = id(&b24).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "INVALID_RESPONSE"));
    assert_eq!(oauth.params().await.unwrap().refresh_token().expose(), before);
    assert_eq!(id(&b24).await.unwrap(), "1");
}

#[tokio::test]
async fn dropping_the_call_that_began_a_renewal_loses_nothing() {
    let portal = Portal::builder().auth_latency(Duration::from_millis(200)).start().await.unwrap();
    let oauth = OAuth::new(app(&portal), params(&portal.install(1))).unwrap();
    let b24 = B24::builder().oauth(&oauth);
    portal.expire_access_tokens();
    assert!(tokio::time::timeout(Duration::from_millis(100), id(&b24)).await.is_err());
    oauth.settled().await;
    assert_eq!(id(&b24).await.unwrap(), "1");
    assert_eq!(portal.token_exchanges(), 1);
}

#[tokio::test]
async fn tenants_share_everything_but_their_portals() {
    let store = MemoryStore::new();
    let first = Portal::builder().seed(1).start().await.unwrap();
    let second = Portal::builder().seed(1).member_id("second").start().await.unwrap();
    // Equal seeds: one application, known to both authorisation servers.
    let app = app(&first).with_trusted_server(second.auth_url().parse().unwrap());
    let tenants = B24::tenants(app, store.clone(), HttpClient::new());
    for portal in [&first, &second] {
        let key = TokenKey::new(portal.member_id()).unwrap();
        tenants.install(&key, params(&portal.install(1))).await.unwrap();
        let b24 = tenants.get(&key).await.unwrap();
        assert_eq!(b24.portal().to_string(), portal.url());
        portal.expire_access_tokens();
        assert_eq!(id(&b24).await.unwrap(), "1");
    }
    assert_eq!((tenants.len(), store.len()), (2, 2));
    assert_eq!((first.token_exchanges(), second.token_exchanges()), (1, 1));
}

#[tokio::test]
async fn whether_a_user_is_an_administrator_is_asked_once_and_known_to_clones() {
    let (portal, _, admin) = installed().await;
    assert_eq!(admin.is_admin().unwrap_err().code(), "IS_ADMIN_UNKNOWN");
    assert!(admin.init_is_admin().await.unwrap());
    assert!(admin.clone().is_admin().unwrap());
    let user = OAuth::new(app(&portal), params(&portal.install(2))).unwrap();
    let user = B24::builder().oauth(&user);
    assert!(!user.init_is_admin().await.unwrap());
    assert!(!user.is_admin().unwrap());
}

#[tokio::test]
async fn a_portal_that_was_renamed_is_followed_with_the_next_renewal() {
    let portal = Portal::builder().start().await.unwrap();
    let oauth = OAuth::new(app(&portal), params(&portal.install(1))).unwrap();
    let b24 = B24::builder().oauth(&oauth);
    let renamed = portal.url().replace("127.0.0.1", "localhost");
    portal.rename(renamed.clone());
    portal.expire_access_tokens();
    assert_eq!(id(&b24).await.unwrap(), "1");
    assert_eq!(oauth.portal().to_string(), renamed);
}
