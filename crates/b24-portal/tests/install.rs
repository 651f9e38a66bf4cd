//! Installations: what an application is sent, and what becomes of it.

#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use b24_portal::{Limits, Portal, PortalBuilder};
use bytes::Bytes;
use common::{Bench, Reply, form::read};
use http::Request;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower_service::Service;

fn portal() -> PortalBuilder {
    Portal::builder().limits(Limits::default().without_rate())
}

async fn ask(portal: &Portal, path: &str, form: String) -> Reply {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    let request = request.body(Full::new(Bytes::from(form))).expect("a request");
    let (head, body) = portal.auth_service().call(request).await.expect("an answer").into_parts();
    Reply::read(http::Response::from_parts(head, body.collect().await.expect("a body in memory").to_bytes()))
}

async fn refresh(portal: &Portal, token: &str) -> Reply {
    let app = portal.application();
    let (id, secret) = (app.client_id(), app.client_secret());
    let form = format!("grant_type=refresh_token&client_id={id}&client_secret={secret}&refresh_token={token}");
    ask(portal, "/oauth/token", form).await
}

async fn trusted_info(portal: &Portal, token: &str) -> Reply {
    ask(portal, "/rest/app.info", format!("auth={token}")).await
}

async fn app_info(bench: &Bench, token: &str) -> Reply {
    bench.post("/rest/app.info", &json!({"auth": token})).await
}

#[tokio::test]
async fn an_installation_is_told_by_an_event_with_tokens() {
    let bench = Bench::with(portal().member_id("m3mber"));
    let installed = bench.portal.install(3);
    let event = read(&installed.event_form());
    let now = bench.clock.now().as_secs();
    let want = [
        ("event", "ONAPPINSTALL".to_owned()),
        ("event_handler_id", "1".to_owned()),
        ("ts", now.to_string()),
        ("data[VERSION]", "1".to_owned()),
        ("data[ACTIVE]", "Y".to_owned()),
        ("data[INSTALLED]", "Y".to_owned()),
        ("data[LANGUAGE_ID]", "en".to_owned()),
        ("auth[access_token]", installed.access_token().to_owned()),
        ("auth[refresh_token]", installed.refresh_token().to_owned()),
        ("auth[application_token]", bench.portal.application().application_token().to_owned()),
        ("auth[expires]", (now + 3600).to_string()),
        ("auth[expires_in]", "3600".to_owned()),
        ("auth[scope]", bench.portal.application().scopes().join(",")),
        ("auth[domain]", bench.portal.url().replace("https://", "")),
        ("auth[client_endpoint]", format!("{}/rest/", bench.portal.url())),
        ("auth[server_endpoint]", format!("{}/rest/", bench.portal.auth_url())),
        ("auth[member_id]", "m3mber".to_owned()),
        ("auth[user_id]", "3".to_owned()),
        ("auth[status]", "L".to_owned()),
    ];
    let want: BTreeMap<String, String> = want.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    assert_eq!(event, want);
    assert!(installed.event_form().contains("auth%5Baccess_token%5D="), "brackets are escaped, as PHP does it");
    assert_eq!((installed.user_id(), installed.member_id(), installed.expires_in().as_secs()), (3, "m3mber", 3600));
    assert_eq!(installed.expires(), bench.clock.now() + Duration::from_secs(3600));
}

#[tokio::test]
async fn a_removal_is_told_without_tokens() {
    let bench = Bench::with(portal());
    let installed = bench.portal.install(1);
    let event = read(&installed.uninstall_form(true));
    assert_eq!((event["event"].as_str(), event["data[CLEAN]"].as_str()), ("ONAPPUNINSTALL", "1"));
    assert_eq!(event["auth[application_token]"], bench.portal.application().application_token());
    assert_eq!(event["auth[member_id]"], bench.portal.member_id());
    assert!(!event.keys().any(|name| name.contains("access") || name.contains("refresh")), "{event:?}");
    assert_eq!(read(&installed.uninstall_form(false))["data[CLEAN]"], "0");
}

#[tokio::test]
async fn a_renamed_portal_tells_its_new_address_to_whoever_refreshes() {
    let bench = Bench::with(portal().redirect_uri("https://app.example/"));
    let installed = bench.portal.install(1);
    bench.portal.rename("https://new.test/");
    let pair = refresh(&bench.portal, installed.refresh_token()).await;
    assert_eq!(pair.body["client_endpoint"], "https://new.test/rest/");
    assert_eq!(pair.body["member_id"], installed.member_id());
    assert_eq!(bench.portal.install(1).domain(), "new.test");
    let back = bench.get(&bench.portal.authorize_url("x").replace(bench.portal.url(), "")).await;
    assert!(back.header("location").is_some_and(|location| location.contains("&domain=new.test&")));
    assert_ne!(installed.domain(), "new.test");
}

#[tokio::test]
async fn a_page_is_opened_with_the_same_tokens() {
    let bench = Bench::with(portal());
    let installed = bench.portal.install(1);
    let query = read(&installed.page_query());
    assert_eq!((query["PROTOCOL"].as_str(), query["LANG"].as_str(), query["APP_SID"].len()), ("1", "en", 32));
    assert_eq!(query["DOMAIN"], bench.portal.url().replace("https://", ""));
    let form = read(&installed.page_form());
    assert_eq!(
        (form["AUTH_ID"].as_str(), form["REFRESH_ID"].as_str()),
        (installed.access_token(), installed.refresh_token())
    );
    assert_eq!(
        (form["AUTH_EXPIRES"].as_str(), form["status"].as_str(), form["PLACEMENT"].as_str()),
        ("3600", "L", "DEFAULT")
    );
    assert_eq!(
        (form["SERVER_ENDPOINT"].as_str(), form["member_id"].as_str()),
        (installed.server_endpoint().as_str(), bench.portal.member_id())
    );
    assert!(serde_json::from_str::<Value>(&form["PLACEMENT_OPTIONS"]).is_ok());
}

#[tokio::test]
async fn a_user_who_opens_the_page_brings_tokens_and_installs_nothing() {
    let bench = Bench::with(portal().application_handler("http://app.example/events"));
    bench.portal.install(1);
    let opened = bench.portal.open_page(2).expect("it is installed");
    let info = trusted_info(&bench.portal, &read(&opened.page_form())["AUTH_ID"]).await;
    assert_eq!(info.result()["user_id"], 2);
    assert_eq!(bench.portal.deliveries().len(), 1);
    bench.portal.uninstall();
    assert!(bench.portal.open_page(2).is_none());
}

#[tokio::test]
async fn the_authorisation_server_vouches_for_a_token() {
    let bench = Bench::with(portal().application("app.two", "S").application_scopes(["crm", "user"]));
    let installed = bench.portal.install(1);
    let info = trusted_info(&bench.portal, installed.access_token()).await;
    let result = info.result();
    assert_eq!(
        (&result["client_id"], &result["scope"], &result["user_id"]),
        (&json!("app.two"), &json!("crm,user"), &json!(1))
    );
    assert!(result["expires"].as_str().unwrap().contains('T'));
    let install = &result["install"];
    assert_eq!((&install["installed"], &install["status"]), (&json!(true), &json!("F")));
    assert_eq!(install["member_id"], bench.portal.member_id());
    assert_eq!(install["client_endpoint"], installed.client_endpoint());
    assert_eq!(trusted_info(&bench.portal, "x").await.error(), "invalid_token");
    assert_eq!(trusted_info(&bench.portal, "").await.error(), "NO_AUTH_FOUND");
    bench.portal.expire_access_tokens();
    let late = trusted_info(&bench.portal, installed.access_token()).await;
    assert_eq!((late.status, late.error()), (401, "expired_token"));
    assert_eq!(ask(&bench.portal, "/rest/profile", String::new()).await.error(), "ERROR_METHOD_NOT_FOUND");
    assert_eq!(ask(&bench.portal, "/", String::new()).await.status, 404);
}

#[tokio::test]
async fn an_application_is_told_about_itself() {
    let bench = Bench::with(portal());
    let installed = bench.portal.install(2);
    let info = app_info(&bench, installed.access_token()).await;
    let info = info.result();
    assert_eq!((&info["ID"], &info["VERSION"], &info["STATUS"]), (&json!(1), &json!(1), &json!("L")));
    assert_eq!(info["CODE"], bench.portal.application().client_id());
    assert_eq!(
        (&info["INSTALLED"], &info["PAYMENT_EXPIRED"], &info["DAYS"]),
        (&json!(true), &json!("N"), &Value::Null)
    );
    assert_eq!(
        (&info["LANGUAGE_ID"], &info["LICENSE"], &info["LICENSE_FAMILY"]),
        (&json!("en"), &json!("en_std"), &json!("std"))
    );
    // A webhook has no application: scope and licence are all there is.
    let hook = bench.v2("app.info", &json!({})).await;
    assert_eq!((hook.result().get("INSTALLED"), &hook.result()["LICENSE"]), (None, &json!("en_std")));
    // Of profile's fields the answer to "may I set things up?".
    for (user, admin) in [(1, true), (2, false)] {
        let token = bench.portal.install(user);
        let profile = bench.post("/rest/profile", &json!({"auth": token.access_token()})).await;
        assert_eq!(profile.result()["ADMIN"], admin);
    }
}

#[tokio::test]
async fn an_application_with_a_page_is_installed_when_its_page_says_so() {
    let bench = Bench::with(portal().application_page());
    let installed = bench.portal.install(1);
    assert_eq!(read(&installed.event_form())["data[INSTALLED]"], "N");
    for want in [false, true] {
        assert_eq!(app_info(&bench, installed.access_token()).await.result()["INSTALLED"], want);
        let trusted = trusted_info(&bench.portal, installed.access_token()).await;
        assert_eq!(trusted.result()["install"]["installed"], want);
        bench.portal.finish_installation();
    }
}

#[tokio::test]
async fn an_application_that_is_removed_has_nothing_left() {
    let bench = Bench::with(portal());
    let installed = bench.portal.install(1);
    bench.portal.uninstall();
    // Finishing what is gone brings nothing back.
    bench.portal.finish_installation();
    let reply = app_info(&bench, installed.access_token()).await;
    assert_eq!((reply.status, reply.error()), (401, "ERROR_OAUTH"));
    let v3 = bench.post("/rest/api/tasks.task.get", &json!({"id": 1, "auth": installed.access_token()})).await;
    assert_eq!((v3.status, v3.trouble()), (401, "ACCESSDENIED"));
    let reply = refresh(&bench.portal, installed.refresh_token()).await;
    assert_eq!((reply.status, reply.error()), (401, "NOT_INSTALLED"));
    let page = bench.get(&bench.portal.authorize_url("x").replace(bench.portal.url(), "")).await;
    assert_eq!((page.status, page.header("location")), (400, None));

    // Installed once more, it has new tokens, and the old ones are strangers.
    let again = bench.portal.install(1);
    assert_eq!(app_info(&bench, again.access_token()).await.status, 200);
    assert_eq!(app_info(&bench, installed.access_token()).await.error(), "invalid_token");
    assert_eq!(refresh(&bench.portal, installed.refresh_token()).await.error(), "invalid_grant");
    assert_eq!(again.application().application_token(), installed.application().application_token());
}

#[tokio::test]
async fn applications_do_not_share_their_fate() {
    let bench = Bench::with(portal().application("local.one", "S1").application("local.two", "S2"));
    let [one, two] = bench.portal.applications() else { panic!("two applications") };
    assert_ne!(one.application_token(), two.application_token());
    let (of_one, of_two) = (bench.portal.install(1), bench.portal.install_application(two, 1));
    bench.portal.uninstall();
    assert_eq!(app_info(&bench, of_one.access_token()).await.error(), "ERROR_OAUTH");
    let info = app_info(&bench, of_two.access_token()).await;
    assert_eq!((&info.result()["CODE"], &info.result()["ID"]), (&json!("local.two"), &json!(2)));
}

#[tokio::test]
async fn what_is_not_paid_for_is_refused_until_it_is() {
    let bench = Bench::with(portal());
    let installed = bench.portal.install(1);
    bench.portal.require_payment(true);
    for reply in
        [app_info(&bench, installed.access_token()).await, refresh(&bench.portal, installed.refresh_token()).await]
    {
        assert_eq!((reply.status, reply.error()), (401, "PAYMENT_REQUIRED"));
    }
    bench.portal.require_payment(false);
    assert_eq!(refresh(&bench.portal, installed.refresh_token()).await.status, 200);
}

#[tokio::test]
async fn tokens_can_be_ended_at_once_and_refreshed() {
    let bench = Bench::with(portal().access_token("handed-in", 1, Duration::from_secs(60)));
    let installed = bench.portal.install(1);
    bench.portal.expire_access_tokens();
    for token in [installed.access_token(), "handed-in"] {
        let reply = app_info(&bench, token).await;
        assert_eq!((reply.status, reply.error()), (401, "expired_token"));
    }
    let pair = refresh(&bench.portal, installed.refresh_token()).await;
    let fresh = pair.body["access_token"].as_str().expect("a token");
    assert_eq!(app_info(&bench, fresh).await.status, 200);
}

#[tokio::test]
async fn a_stranger_is_shown_a_page_and_sent_nowhere() {
    let bench = Bench::with(portal().redirect_uri("https://app.example/"));
    for path in ["/oauth/authorize/", "/oauth/authorize?client_id=local.nobody", "/oauth/authorize/?client_id[]=x"] {
        let reply = bench.get(path).await;
        assert_eq!((reply.status, reply.header("location")), (400, None), "{path}");
        assert!(reply.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    }
}

#[tokio::test]
async fn without_a_redirect_uri_the_code_is_shown_to_the_user() {
    let bench = Bench::with(portal().signed_in(5));
    let page = bench.get(&bench.portal.authorize_url("x y").replace(bench.portal.url(), "")).await;
    assert_eq!(page.status, 200);
    let page = String::from_utf8(page.bytes.to_vec()).expect("UTF-8");
    let code = page.split(['<', '>']).find(|text| text.len() == 32).expect("a code");
    let app = bench.portal.application();
    let (id, secret) = (app.client_id(), app.client_secret());
    let form = format!("grant_type=authorization_code&client_id={id}&client_secret={secret}&code={code}");
    let pair = ask(&bench.portal, "/oauth/token/", form).await;
    let token = pair.body["access_token"].as_str().expect("a token").to_owned();
    let profile = bench.post("/rest/profile", &json!({"auth": token})).await;
    assert_eq!((&profile.result()["ID"], &profile.result()["ADMIN"]), (&json!("5"), &json!(false)));
}

#[tokio::test]
async fn debug_never_shows_what_was_issued() {
    let builder = portal().application("local.one", "s3cr3t-of-app");
    let mut shown = format!("{builder:?}");
    let bench = Bench::with(builder);
    let installed = bench.portal.install(1);
    refresh(&bench.portal, installed.refresh_token()).await;
    trusted_info(&bench.portal, installed.access_token()).await;
    app_info(&bench, installed.access_token()).await;
    bench.get(&format!("/rest/profile?auth={}", installed.access_token())).await;
    let portal = &bench.portal;
    shown += &format!("{portal:?}{:?}{:?}", portal.requests(), portal.auth_requests());
    shown += &format!("{:?}{:?}{installed:?}", portal.auth_service(), portal.applications());
    let app = portal.application();
    for secret in ["s3cr3t-of-app", app.application_token(), installed.access_token(), installed.refresh_token()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn no_request_is_too_strange_for_the_authorisation_server() {
    let bench = Bench::with(portal().max_body(1000));
    let long = "x".repeat(1001);
    for (path, form, status) in [
        ("/oauth/token/?grant_type[]=1&client_id[a][b]=2", "grant_type=\u{fffd}%ff%zz&&&==".to_owned(), 400),
        ("//oauth//token//?%00=%00", "client_secret=a&client_secret=b&auth=".to_owned(), 400),
        ("/rest/app.info.json", "auth[]=x".to_owned(), 401),
        ("/rest/app.info/x", String::new(), 404),
        ("/rest/%2e%2e", String::new(), 404),
        ("/oauth/token/", long, 413),
    ] {
        assert_eq!(ask(&bench.portal, path, form).await.status, status, "{path}");
    }
    assert_eq!(bench.portal.auth_requests().len(), 6);
}

#[tokio::test]
async fn a_token_opens_what_its_application_may_use() {
    let bench = Bench::with(portal().application_scopes(["user"]));
    let token = bench.portal.install(1);
    let reply = bench.post("/rest/crm.deal.list", &json!({"auth": token.access_token()})).await;
    assert_eq!(reply.error(), "insufficient_scope");
    assert_eq!(bench.post("/rest/user.current", &json!({"auth": token.access_token()})).await.status, 200);
}
