//! The authorisation server: codes, tokens, their ends.

#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::time::Duration;

use b24_portal::{Fault, Limits, Portal, PortalBuilder};
use bytes::Bytes;
use common::{Bench, Reply};
use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tower_service::Service;

const REDIRECT: &str = "https://app.example/callback";

fn portal() -> PortalBuilder {
    Portal::builder().limits(Limits::default().without_rate()).redirect_uri(REDIRECT)
}

fn bench() -> Bench {
    Bench::with(portal())
}

/// Sends a request to the authorisation server.
async fn ask(portal: &Portal, request: Request<Bytes>) -> std::io::Result<Reply> {
    let (head, body) = portal.auth_service().call(request.map(Full::new)).await?.into_parts();
    let body = body.collect().await.expect("a body in memory").to_bytes();
    Ok(Reply::read(http::Response::from_parts(head, body)))
}

async fn try_token(portal: &Portal, form: &str) -> std::io::Result<Reply> {
    let request = Request::post("/oauth/token/").header("content-type", "application/x-www-form-urlencoded");
    ask(portal, request.body(form.to_owned().into()).expect("a request")).await
}

async fn token(portal: &Portal, form: &str) -> Reply {
    try_token(portal, form).await.expect("an answer")
}

/// The credentials of the portal's application, as a form.
fn client(portal: &Portal) -> String {
    let app = portal.application();
    format!("client_id={}&client_secret={}", app.client_id(), app.client_secret())
}

fn refresh_form(portal: &Portal, refresh_token: &str) -> String {
    format!("grant_type=refresh_token&{}&refresh_token={refresh_token}", client(portal))
}

fn code_form(portal: &Portal, code: &str) -> String {
    format!("grant_type=authorization_code&{}&code={code}", client(portal))
}

/// The fields of the `Location` that the portal sends a user back with.
async fn come_back(bench: &Bench, query: &str) -> Vec<(String, String)> {
    let reply = bench.get(&format!("/oauth/authorize/?{query}")).await;
    assert_eq!(reply.status, 302, "{:?}", reply.bytes);
    let location = reply.header("location").expect("a Location");
    let (to, query) = location.split_once('?').expect("a query");
    assert_eq!(to, REDIRECT);
    query.split('&').map(|pair| pair.split_once('=').expect("a pair")).map(|(a, b)| (a.into(), b.into())).collect()
}

async fn code(bench: &Bench) -> String {
    let back = come_back(bench, &format!("client_id={}", bench.portal.application().client_id())).await;
    back.into_iter().find(|(name, _)| name == "code").expect("a code").1
}

fn text<'a>(reply: &'a Reply, name: &str) -> &'a str {
    reply.body[name].as_str().expect("a text")
}

async fn profile(bench: &Bench, token: &str) -> Reply {
    bench.post("/rest/profile", &json!({"auth": token})).await
}

#[tokio::test]
async fn a_user_comes_back_with_a_code_that_is_worth_a_pair_of_tokens() {
    let bench = bench();
    let app = bench.portal.application();
    let back = come_back(&bench, &format!("client_id={}&state=a%26b", app.client_id())).await;
    let names: Vec<&str> = back.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["code", "state", "domain", "member_id", "scope", "server_domain"]);
    assert_eq!(back[1].1, "a%26b");
    assert!(bench.portal.url().ends_with(&back[2].1) && bench.portal.auth_url().ends_with(&back[5].1));
    assert_eq!((back[3].1.as_str(), back[3].1.len()), (bench.portal.member_id(), 32));
    assert!(back[4].1.starts_with("crm%2Ctask"), "{}", back[4].1);

    let pair = token(&bench.portal, &code_form(&bench.portal, &back[0].1)).await;
    assert_eq!(pair.status, 200);
    let mut names: Vec<&String> = pair.body.as_object().expect("an object").keys().collect();
    names.sort();
    let want = "access_token client_endpoint domain expires_in member_id refresh_token scope server_endpoint status";
    assert_eq!(names, want.split(' ').collect::<Vec<_>>());
    assert_eq!(pair.body["expires_in"], 3600);
    assert_eq!(text(&pair, "client_endpoint"), format!("{}/rest/", bench.portal.url()));
    assert_eq!(text(&pair, "server_endpoint"), format!("{}/rest/", bench.portal.auth_url()));
    assert_eq!(format!("https://{}", text(&pair, "domain")), bench.portal.auth_url());
    assert_eq!((text(&pair, "member_id"), text(&pair, "status")), (bench.portal.member_id(), "L"));
    assert_eq!(text(&pair, "scope"), app.scopes().join(","));

    let profile = profile(&bench, text(&pair, "access_token")).await;
    assert_eq!((&profile.result()["ID"], &profile.result()["ADMIN"]), (&json!("1"), &json!(true)));
}

#[tokio::test]
async fn a_code_is_worth_one_attempt_within_half_a_minute() {
    let bench = bench();
    let first = code(&bench).await;
    assert_eq!(token(&bench.portal, &code_form(&bench.portal, &first)).await.status, 200);
    let again = token(&bench.portal, &code_form(&bench.portal, &first)).await;
    assert_eq!((again.status, again.error()), (400, "invalid_grant"));

    let late = code(&bench).await;
    bench.clock.advance(Duration::from_secs(30));
    let late = token(&bench.portal, &code_form(&bench.portal, &late)).await;
    assert_eq!((late.status, late.error()), (400, "invalid_grant"));

    let spoilt = code(&bench).await;
    let wrong = code_form(&bench.portal, &spoilt).replace("client_secret=", "client_secret=x");
    assert_eq!(token(&bench.portal, &wrong).await.error(), "wrong_client");
    assert_eq!(token(&bench.portal, &code_form(&bench.portal, &spoilt)).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_the_old_access_token_stays() {
    let bench = bench();
    let installed = bench.portal.install(2);
    let form = refresh_form(&bench.portal, installed.refresh_token());
    let pair = token(&bench.portal, &form).await;
    assert_eq!(pair.status, 200);
    assert_eq!(pair.body["user_id"], 2);
    assert_eq!(pair.body["expires"], bench.clock.now().as_secs() + 3600);
    assert_ne!(text(&pair, "refresh_token"), installed.refresh_token());

    let again = token(&bench.portal, &form).await;
    assert_eq!((again.status, again.error()), (400, "invalid_grant"));
    assert_eq!(bench.portal.token_exchanges(), 1);
    for token in [installed.access_token(), text(&pair, "access_token")] {
        assert_eq!(profile(&bench, token).await.result()["ID"], "2");
    }
}

#[tokio::test]
async fn tokens_end_when_their_time_is_over() {
    let bench = Bench::with(portal().access_token_life(Duration::from_secs(60)));
    let installed = bench.portal.install(1);
    bench.clock.advance(Duration::from_millis(59_999));
    assert_eq!(profile(&bench, installed.access_token()).await.status, 200);
    bench.clock.advance(Duration::from_millis(1));
    let late = profile(&bench, installed.access_token()).await;
    assert_eq!((late.status, late.error()), (401, "expired_token"));
    let late = bench.post("/rest/api/tasks.task.get", &json!({"id": 1, "auth": installed.access_token()})).await;
    assert_eq!((late.status, late.trouble()), (401, "ACCESSDENIED"));

    let pair = token(&bench.portal, &refresh_form(&bench.portal, installed.refresh_token())).await;
    assert_eq!(pair.body["expires_in"], 60);
    bench.clock.advance(Duration::from_secs(180 * 24 * 3600));
    let late = token(&bench.portal, &refresh_form(&bench.portal, text(&pair, "refresh_token"))).await;
    assert_eq!((late.status, late.error()), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_token_is_good_in_every_place_a_portal_looks_for_it() {
    let bench = bench();
    let installed = bench.portal.install(3);
    let token = installed.access_token();
    let body = json!({"id": 1, "auth": token});
    assert_eq!(bench.get(&format!("/rest/profile?auth={token}")).await.result()["ID"], "3");
    assert_eq!(bench.post("/rest/api/tasks.task.get", &body).await.result()["item"]["id"], 1);
    let request = Request::post("/rest/profile").header("authorization", format!("Bearer {token}"));
    assert_eq!(bench.send(request.body(Bytes::new()).expect("a request")).await.result()["ID"], "3");
    // A refresh token opens nothing.
    assert_eq!(profile(&bench, installed.refresh_token()).await.error(), "invalid_token");
}

#[tokio::test]
async fn every_wrong_request_has_its_own_refusal() {
    let builder = Portal::builder().limits(Limits::default().without_rate());
    let bench = Bench::with(builder.application("local.one", "S1").application("app.two", "S2"));
    let refresh = bench.portal.install(1).refresh_token().to_owned();
    let ask = |form: &'static str| {
        let form = form.replace("REFRESH", &refresh);
        let portal = &bench.portal;
        async move { token(portal, &form).await }
    };
    for (form, status, error) in [
        ("", 400, "invalid_request"),
        ("client_id=local.one&client_secret=S1&refresh_token=REFRESH", 400, "invalid_request"),
        ("grant_type=password&client_id=local.one&client_secret=S1", 400, "invalid_request"),
        ("grant_type=refresh_token&client_id=local.one&client_secret=S1", 400, "invalid_request"),
        ("grant_type=refresh_token&client_secret=S1&refresh_token=REFRESH", 400, "invalid_request"),
        ("grant_type=refresh_token&client_id=local.one&refresh_token=REFRESH", 400, "invalid_request"),
        ("grant_type=authorization_code&client_id=local.one&client_secret=S1", 400, "invalid_request"),
        ("grant_type=refresh_token&client_id=local.x&client_secret=S1&refresh_token=REFRESH", 401, "invalid_client"),
        ("grant_type=refresh_token&client_id=local.one&client_secret=S2&refresh_token=REFRESH", 200, "wrong_client"),
        ("grant_type=refresh_token&client_id=local.one&client_secret=S1&refresh_token=x", 400, "invalid_grant"),
        ("grant_type=authorization_code&client_id=local.one&client_secret=S1&code=x", 400, "invalid_grant"),
        // Another application's token.
        ("grant_type=refresh_token&client_id=app.two&client_secret=S2&refresh_token=REFRESH", 400, "invalid_grant"),
    ] {
        let reply = ask(form).await;
        assert_eq!((reply.status, reply.error()), (status, error), "{form}");
        assert!(!reply.bytes.is_empty() && reply.body.get("access_token").is_none());
    }
    // None of that cost the token.
    let form = "grant_type=refresh_token&client_id=local.one&client_secret=S1&refresh_token=REFRESH";
    assert_eq!(ask(form).await.status, 200);
    assert_eq!(bench.portal.applications().len(), 2);
}

#[tokio::test]
async fn get_is_as_good_as_post_and_json_is_not_read() {
    let bench = bench();
    let form = refresh_form(&bench.portal, bench.portal.install(1).refresh_token());
    let request = Request::post("/oauth/token/").header("content-type", "application/json");
    let fields: serde_json::Map<String, serde_json::Value> =
        form.split('&').filter_map(|pair| pair.split_once('=')).map(|(a, b)| (a.into(), b.into())).collect();
    let body = serde_json::Value::from(fields).to_string();
    let reply = ask(&bench.portal, request.body(body.into()).expect("a request")).await.expect("an answer");
    assert_eq!(reply.error(), "invalid_request");

    let request = Request::get(format!("/oauth/token/?{form}")).body(Bytes::new()).expect("a request");
    assert_eq!(ask(&bench.portal, request).await.expect("an answer").status, 200);
}

#[tokio::test]
async fn what_is_recorded_can_be_shown() {
    let bench = bench();
    bench.portal.auth_fault(Fault::lost_response().for_method("token"));
    let form = refresh_form(&bench.portal, bench.portal.install(1).refresh_token());
    assert!(try_token(&bench.portal, &form).await.is_err());
    // It took place all the same.
    assert_eq!(bench.portal.token_exchanges(), 1);
    assert_eq!(token(&bench.portal, &form).await.error(), "invalid_grant");
    let requests = bench.portal.auth_requests();
    let statuses: Vec<_> = requests.iter().map(|request| request.status.map(|status| status.as_u16())).collect();
    assert_eq!((statuses, requests[0].method.as_str()), (vec![None, Some(400)], "token"));
    assert!(bench.portal.requests().is_empty());
    let app = bench.portal.application();
    let shown = format!("{requests:?} {:?} {:?} {:?}", bench.portal, app, bench.portal.install(1));
    assert!(!shown.contains(app.client_secret()) && !shown.contains(app.application_token()), "{shown}");
    bench.portal.clear_requests();
    assert!(bench.portal.auth_requests().is_empty());
}
