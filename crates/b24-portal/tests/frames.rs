//! An application in a frame: the page around it, what that hears, and what it tells of tokens and options.

#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::time::Duration;

use b24_portal::{Limits, MessageFate, MessageForm, Portal};
use common::Bench;
use common::frame::{Page, between, builder, said};
use serde_json::{Value, json};

async fn profile(bench: &Bench, token: &Value) -> u16 {
    bench.post("/rest/profile", &json!({ "auth": token })).await.status
}

fn fates(bench: &Bench) -> Vec<MessageFate> {
    bench.portal.frame_messages().iter().map(|message| message.fate).collect()
}

#[tokio::test]
async fn the_page_names_the_frame_and_posts_the_form_to_it() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let domain = bench.portal.url().strip_prefix("https://").expect("HTTPS");
    let name = format!("{domain}|1|{}", page.sid);
    assert_eq!(between(&page.html, "target=\"", "\""), name);
    let app = bench.portal.frame_app_url().expect("an application");
    let action = format!("{app}/?DOMAIN={domain}&amp;PROTOCOL=1&amp;LANG=en&amp;APP_SID={}", page.sid);
    assert_eq!(between(&page.html, "action=\"", "\""), action);
    let field = |name: &str| between(&page.html, &format!("name=\"{name}\" value=\""), "\"").to_owned();
    assert_eq!(
        (field("AUTH_EXPIRES"), field("PLACEMENT"), field("status")),
        ("3600".into(), "DEFAULT".into(), "L".into())
    );
    assert_eq!(field("PLACEMENT_OPTIONS"), "[]");
    assert_eq!(field("member_id"), bench.portal.member_id());
    assert_eq!(profile(&bench, &field("AUTH_ID").into()).await, 200);
    assert_eq!(field("SERVER_ENDPOINT"), format!("{}/rest/", bench.portal.auth_url()));
    assert_eq!(bench.get("/frame/page.js").await.header("content-type"), Some("text/javascript; charset=utf-8"));
}

#[tokio::test]
async fn a_portal_without_an_application_has_no_frame() {
    let bench = Bench::new();
    assert_eq!((bench.portal.frame_url(), bench.portal.frame_app_url()), (None, None));
    assert_eq!(bench.get("/frame/").await.status, 404);
}

#[tokio::test]
async fn options_of_a_placement_cannot_leave_their_attribute() {
    let bench = Bench::with(builder().frame_placement("crm_deal_detail_tab", r#"{"ID":"\"><script>"}"#));
    let page = Page::open(&bench).await;
    assert!(!page.html.contains("\"><script>\"}"), "{}", page.html);
    let data = page.answer("getInitData", json!({})).await;
    assert_eq!(
        (&data["PLACEMENT"], &data["PLACEMENT_OPTIONS"]["ID"]),
        (&json!("CRM_DEAL_DETAIL_TAB"), &json!("\"><script>"))
    );
}

#[tokio::test]
async fn an_application_is_told_who_it_is_for() {
    let bench = Bench::with(builder().frame_language("de"));
    let page = Page::open(&bench).await;
    let data = page.answer("getInitData", json!([])).await;
    let names = "APP_OPTIONS AUTH_EXPIRES AUTH_ID DOMAIN FIRST_RUN INSTALL IS_ADMIN LANG MEMBER_ID PATH PLACEMENT \
                 PLACEMENT_OPTIONS PROTOCOL REFRESH_ID USER_OPTIONS";
    let keys: Vec<&str> = data.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys.join(" "), names);
    assert_eq!((&data["LANG"], &data["PATH"], &data["PROTOCOL"]), (&json!("de"), &json!("/rest"), &json!(1)));
    // What PHP wrote between quotes is a text, and an array without anything is a list.
    assert_eq!((&data["AUTH_EXPIRES"], &data["USER_OPTIONS"]), (&json!("3600"), &json!([])));
    assert_eq!((&data["IS_ADMIN"], &data["INSTALL"], &data["FIRST_RUN"]), (&json!(true), &json!(false), &json!(false)));
    assert_eq!(profile(&bench, &data["AUTH_ID"]).await, 200);
}

#[tokio::test]
async fn a_command_comes_as_text_or_as_an_object() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let sid = &page.sid;
    let object =
        json!({"method": "setTitle", "params": {"title": "a:b"}, "callback": "k", "appSid": sid, "requestId": "r"});
    assert_eq!(said(&page.hear(object).await), [("k:{\"title\":\"a:b\"}", "own", 0)]);
    let steps = page.hear(format!("setTitle:{{\"title\":\"a:b\"}}:k:{sid}").into()).await;
    assert_eq!(said(&steps), [("k:{\"title\":\"a:b\"}", "own", 0)]);
    assert_eq!(steps[0]["effect"], json!({"kind": "title", "title": "a:b"}));
    let messages = bench.portal.frame_messages();
    assert_eq!((messages[0].form, messages[1].form), (Some(MessageForm::Object), Some(MessageForm::Text)));
    assert_eq!((messages[1].command.as_str(), messages[1].params.as_str()), ("setTitle", "{\"title\":\"a:b\"}"));
    assert_eq!((messages[1].callback.as_str(), &messages[1].app_sid), ("k", sid));
}

#[tokio::test]
async fn what_is_not_the_applications_is_ignored_and_remembered() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let sid = &page.sid;
    assert!(page.hear_from("https://evil.test", format!("refreshAuth:k:{sid}").into()).await.is_empty());
    for data in [
        json!("refreshAuth:k:other"),
        json!(7),
        json!(format!("setTitle:{{\"title\":k:{sid}")),
        json!(format!("nothing:k:{sid}")),
    ] {
        assert!(page.hear(data).await.is_empty());
    }
    use MessageFate::{BadParams, ForeignOrigin, NotAMessage, UnknownCommand, WrongSid};
    assert_eq!(fates(&bench), [ForeignOrigin, WrongSid, NotAMessage, BadParams, UnknownCommand]);
    assert_eq!(bench.portal.token_exchanges(), 0);
    bench.portal.clear_requests();
    assert!(bench.portal.frame_messages().is_empty());
    assert_eq!(bench.post("/frame/message?sid=other", &json!({"origin": "", "data": ""})).await.status, 404);
}

#[tokio::test]
async fn a_refresh_changes_the_pair_and_its_tokens_are_like_all_others() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let first = page.answer("getInitData", json!({})).await;
    bench.portal.expire_access_tokens();
    assert_eq!(profile(&bench, &first["AUTH_ID"]).await, 401);
    let second = page.answer("refreshAuth", json!({})).await;
    assert_eq!(profile(&bench, &second["AUTH_ID"]).await, 200);
    assert_ne!((&first["AUTH_ID"], &first["REFRESH_ID"]), (&second["AUTH_ID"], &second["REFRESH_ID"]));
    assert_eq!((&second["AUTH_EXPIRES"], bench.portal.token_exchanges()), (&json!("3600"), 1));
    // Asked again, the page tells of the pair that it has now.
    assert_eq!(page.answer("getInitData", json!({})).await["AUTH_ID"], second["AUTH_ID"]);
    bench.portal.expire_access_tokens();
    assert_eq!(profile(&bench, &second["AUTH_ID"]).await, 401);
    bench.clock.advance(Duration::from_secs(3600));
    let third = page.answer("refreshAuth", json!({})).await;
    bench.clock.advance(Duration::from_secs(3600));
    assert_eq!(profile(&bench, &third["AUTH_ID"]).await, 401);
}

#[tokio::test]
async fn a_refresh_that_fails_is_told_to_the_user_and_not_to_the_application() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    bench.portal.require_payment(true);
    assert_eq!(page.effect("refreshAuth", json!({})).await["kind"], "alert");
    bench.portal.require_payment(false);
    page.answer("refreshAuth", json!({})).await;
    bench.portal.uninstall();
    assert_eq!(page.effect("refreshAuth", json!({})).await["kind"], "alert");
    assert!(String::from_utf8_lossy(&bench.get("/frame/").await.bytes).contains("not installed"));
}

#[tokio::test]
async fn an_installation_is_finished_by_its_page() {
    let bench = Bench::with(builder().frame_install().frame_first_run());
    let page = Page::open(&bench).await;
    let data = page.answer("getInitData", json!({})).await;
    assert_eq!((&data["INSTALL"], &data["FIRST_RUN"]), (&json!(true), &json!(true)));
    let again = page.answer("getInitData", json!({})).await;
    assert_eq!((&again["INSTALL"], &again["FIRST_RUN"]), (&json!(true), &json!(false)));
    let info = bench.post("/rest/app.info", &json!({"auth": data["AUTH_ID"]})).await;
    assert_eq!(info.result()["INSTALLED"], json!(false));

    assert_eq!(page.answer("setInstall", json!({"install": true})).await, json!({"install": true}));
    assert_eq!(page.effect("setInstallFinish", json!({})).await, json!({"kind": "reload", "installFinished": "Y"}));
    let data = Page::open(&bench).await.answer("getInitData", json!({})).await;
    assert_eq!((&data["INSTALL"], &data["FIRST_RUN"]), (&json!(false), &json!(false)));
    let info = bench.post("/rest/app.info", &json!({"auth": data["AUTH_ID"]})).await;
    assert_eq!(info.result()["INSTALLED"], json!(true));
}

#[tokio::test]
async fn only_an_administrator_installs_and_sets_options_of_the_application() {
    let bench = Bench::with(builder().signed_in(2).frame_install());
    let page = Page::open(&bench).await;
    let data = page.answer("getInitData", json!({})).await;
    assert_eq!((&data["IS_ADMIN"], &data["INSTALL"]), (&json!(false), &json!(false)));
    assert!(page.ask("setAppOption", json!({"name": "a", "value": 1})).await.is_empty());
    assert_eq!(page.effect("setInstallFinish", json!({})).await["installFinished"], "N");
    page.answer("setUserOption", json!({"name": "u", "value": 2})).await;
    let data = Page::open(&bench).await.answer("getInitData", json!({})).await;
    assert_eq!((&data["APP_OPTIONS"], &data["USER_OPTIONS"]), (&json!([]), &json!({"u": 2})));
}

#[tokio::test]
async fn options_are_kept_for_the_next_page() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    page.answer("setAppOption", json!({"name": "a", "value": "1"})).await;
    let all = page.answer("setAppOption", json!({"name": "b", "value": {"c": 1}})).await;
    assert_eq!(all, json!({"a": "1", "b": {"c": 1}}), "an administrator gets all of them");
    let option = json!({"name": "u", "value": [1, 2]});
    assert_eq!(page.answer("setUserOption", option.clone()).await, option);
    let data = Page::open(&bench).await.answer("getInitData", json!({})).await;
    assert_eq!((&data["APP_OPTIONS"], &data["USER_OPTIONS"]), (&all, &json!({"u": [1, 2]})));
}

#[tokio::test]
async fn a_frame_is_no_call_of_the_api() {
    let bench = Bench::with(Portal::builder().limits(Limits::default().with_rate(1, 1)).frame_app("dist"));
    bench.portal.fault(b24_portal::Fault::html(502));
    let page = Page::open(&bench).await;
    for _ in 0..5 {
        page.answer("getInitData", json!({})).await;
    }
    assert!(bench.portal.requests().is_empty());
    assert_eq!(bench.get("/rest/profile").await.status, 502, "the fault has waited");
}
