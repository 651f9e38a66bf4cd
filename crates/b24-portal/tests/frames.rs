//! An application in a frame: what the portal's page hears, and what it is to do then.

#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::time::Duration;

use b24_portal::{Limits, MessageFate, MessageForm, ParentFault, Portal, PortalBuilder};
use common::{Bench, Reply};
use serde_json::{Value, json};

fn builder() -> PortalBuilder {
    Portal::builder().limits(Limits::default().without_rate()).frame_app("dist")
}

/// A page with the application in a frame.
struct Page<'a> {
    bench: &'a Bench,
    html: String,
    sid: String,
}

impl<'a> Page<'a> {
    async fn open(bench: &'a Bench) -> Self {
        Self::open_at(bench, "/frame/").await
    }

    async fn open_at(bench: &'a Bench, path: &str) -> Self {
        let reply = bench.get(path).await;
        assert_eq!(reply.status, 200);
        let html = String::from_utf8(reply.bytes.to_vec()).expect("HTML");
        let name = between(&html, "<iframe id=\"app\" name=\"", "\"").to_owned();
        let sid = name.rsplit('|').next().expect("three parts").to_owned();
        Self { bench, html, sid }
    }

    /// What an application posts, from the application's origin.
    async fn hear(&self, data: Value) -> Vec<Value> {
        let origin = self.bench.portal.frame_app_url().expect("an application").to_owned();
        self.hear_from(&origin, data).await
    }

    async fn hear_from(&self, origin: &str, data: Value) -> Vec<Value> {
        let posted = json!({ "origin": origin, "data": data, "height": 600, "available": 1000 });
        steps(&self.bench.post(&format!("/frame/message?sid={}", self.sid), &posted).await)
    }

    /// A command with parameters, and the steps that follow.
    async fn ask(&self, command: &str, params: Value) -> Vec<Value> {
        self.hear(format!("{command}:{params}:key:{}", self.sid).into()).await
    }

    /// A command that is answered at once and by nothing else.
    async fn answer(&self, command: &str, params: Value) -> Value {
        let steps = self.ask(command, params).await;
        let said: Vec<&str> = steps.iter().filter_map(|step| step["say"].as_str()).collect();
        assert_eq!(said.len(), 1, "{steps:?}");
        serde_json::from_str(said[0].strip_prefix("key:").expect("the key")).expect("JSON")
    }

    async fn due(&self, seen: u64) -> Value {
        let reply = self.bench.get(&format!("/frame/due?sid={}&seen={seen}", self.sid)).await;
        assert_eq!(reply.status, 200);
        reply.body
    }

    /// The one effect of a command that says nothing.
    async fn effect(&self, command: &str, params: Value) -> Value {
        let steps = self.ask(command, params).await;
        assert_eq!(steps.len(), 1, "{steps:?}");
        assert_eq!(steps[0]["say"], Value::Null);
        steps[0]["effect"].clone()
    }
}

fn steps(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, 200);
    reply.body["steps"].as_array().expect("steps").clone()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split_once(before).and_then(|(_, rest)| rest.split_once(after)).expect("in the page").0
}

fn said(steps: &[Value]) -> Vec<(&str, &str, u64)> {
    let of = |step: &'_ Value| step["after_ms"].as_u64().expect("a time");
    steps.iter().filter_map(|step| Some((step["say"].as_str()?, step["from"].as_str()?, of(step)))).collect()
}

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
async fn a_place_has_the_size_that_it_was_given() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    for (params, answer, width, height) in [
        (
            json!({"width": "100%", "height": 300}),
            json!({"width": 1000.0, "height": 300.0}),
            json!("100%"),
            json!("300px"),
        ),
        (
            json!({"width": 640, "height": "480px"}),
            json!({"width": 640.0, "height": 480.0}),
            json!("640px"),
            json!("480px"),
        ),
        (json!({"width": "x"}), json!({"width": 100.0, "height": 600.0}), json!("100px"), json!(null)),
    ] {
        let steps = page.ask("resizeWindow", params).await;
        assert_eq!(said(&steps), [(format!("key:{answer}").as_str(), "own", 0)]);
        assert_eq!(steps[0]["effect"], json!({"kind": "resize", "width": width, "height": height}));
    }
}

#[tokio::test]
async fn some_commands_are_never_answered() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    assert_eq!(page.effect("reloadWindow", json!({})).await, json!({"kind": "reload"}));
    let call = page.effect("imCallTo", json!({"userId": 2, "video": true})).await;
    assert_eq!(call, json!({"kind": "messenger", "command": "imCallTo", "params": {"userId": 2, "video": true}}));
    for command in ["imPhoneTo", "imOpenMessenger", "imOpenHistory"] {
        assert_eq!(page.effect(command, json!({"x": 1})).await["command"], command);
    }
    // Nothing to close, nothing to bind to, no such thing.
    for command in ["closeApplication", "placementBindEvent", "showAppForm", "setValue"] {
        assert!(page.ask(command, json!({"event": "e"})).await.is_empty(), "{command}");
    }
    // Nor is anyone who does not say where.
    let steps = page.hear(format!("setTitle:{{\"title\":\"t\"}}::{}", page.sid).into()).await;
    assert_eq!((steps.len(), steps[0]["say"].is_null()), (1, true));
}

#[tokio::test]
async fn a_path_opens_a_slider_and_is_answered_when_that_closes() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let refused = page.answer("openPath", json!({"path": "/bitrix/admin/"})).await;
    assert_eq!(refused, json!({"result": "error", "errorCode": "PATH_NOT_AVAILABLE"}));
    let effect = page.effect("openPath", json!({"path": "/crm/deal/details/5/?IFRAME=Y"})).await;
    let client = bench.portal.application().client_id();
    assert_eq!(effect["path"], format!("/crm/deal/details/5/?IFRAME=Y&from=rest_placement&from_app={client}"));
    let closed = steps(&bench.post(&format!("/frame/closed?sid={}", page.sid), &json!({})).await);
    assert_eq!(closed[0]["effect"], json!({"kind": "closeSlider"}));
    assert_eq!(said(&closed), [("key:{\"result\":\"close\"}", "own", 0)]);
    assert!(steps(&bench.post(&format!("/frame/closed?sid={}", page.sid), &json!({})).await).is_empty());
}

#[tokio::test]
async fn a_slider_can_be_closed_from_outside_and_the_page_hears_of_it() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    assert_eq!(bench.portal.close_sliders(), 0);
    page.effect("openPath", json!({"path": "/marketplace/app/1/"})).await;
    assert_eq!(bench.portal.close_sliders(), 1);
    let due = page.due(0).await;
    assert_eq!(said(due["steps"].as_array().expect("steps")), [("key:{\"result\":\"close\"}", "own", 0)]);
}

#[tokio::test]
async fn an_application_opens_itself_in_a_slider_and_closes_itself_there() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let effect = page.effect("openApplication", json!({"deal": 7, "bx24_width": 500})).await;
    assert_eq!(effect["wishes"], json!({"width": 500}));
    let inner = Page::open_at(&bench, effect["source"].as_str().expect("an address")).await;
    assert_ne!(inner.sid, page.sid);
    assert_eq!(inner.answer("getInitData", json!({})).await["PLACEMENT_OPTIONS"], json!({"deal": 7}));
    // It is the page around the slider that closes it, and that tells who opened it.
    assert_eq!(said(&inner.ask("closeApplication", json!({})).await), [("key:", "own", 0)]);
    let due = page.due(0).await;
    assert_eq!(due["steps"][0]["effect"], json!({"kind": "closeSlider"}));
    assert_eq!(said(due["steps"].as_array().expect("steps")), [("key:", "own", 0)]);
}

#[tokio::test]
async fn events_of_a_placement_reach_those_who_have_bound_to_them() {
    let bench = Bench::with(builder().frame_placement("CRM_DEAL_DETAIL_TAB", "{}").frame_event("onDealMoved"));
    let page = Page::open(&bench).await;
    assert!(page.ask("placementBindEvent", json!({"event": "onDealMoved"})).await.is_empty());
    assert!(page.ask("placementBindEvent", json!({"event": "onNothing"})).await.is_empty());
    assert_eq!(bench.portal.fire_placement_event("onNothing", "{}"), 0);
    assert_eq!(bench.portal.fire_placement_event("onDealMoved", "{\"ID\":5}"), 1);
    assert_eq!(bench.portal.fire_placement_event("onDealMoved", ""), 1);
    let due = page.due(0).await;
    assert_eq!(said(due["steps"].as_array().expect("steps")), [("key:{\"ID\":5}", "own", 0), ("key:", "own", 0)]);
    // What was seen does not come again.
    let last = due["last"].as_u64().expect("a number");
    bench.portal.fire_placement_event("onDealMoved", "7");
    assert_eq!(said(page.due(last).await["steps"].as_array().expect("steps")), [("key:7", "own", 0)]);
    // Who has left is not told.
    bench.post(&format!("/frame/left?sid={}", page.sid), &json!({})).await;
    assert_eq!(bench.portal.fire_placement_event("onDealMoved", "8"), 0);
    assert_eq!(bench.get(&format!("/frame/due?sid={}&seen=0", page.sid)).await.status, 404);
}

#[tokio::test]
async fn a_placement_has_commands_of_its_own_and_no_title_to_set() {
    let bench = Bench::with(builder().frame_placement("USERFIELD_TYPE", r#"{"MODE":"edit"}"#).frame_event("onX"));
    let page = Page::open(&bench).await;
    let interface = page.answer("getInterface", json!({})).await;
    assert_eq!(interface, json!({"command": ["getValue", "setValue"], "event": ["onX"]}));
    assert_eq!(said(&page.ask("setValue", json!("a:b")).await), [("key:", "own", 0)]);
    assert_eq!(page.answer("getValue", json!({})).await, json!("a:b"));
    for command in ["setTitle", "setScroll", "reloadWindow"] {
        assert!(page.ask(command, json!({"title": "t", "scroll": 1})).await.is_empty(), "{command}");
    }
    let own = Bench::with(builder());
    let interface = Page::open(&own).await.answer("getInterface", json!({})).await;
    assert_eq!(interface, json!({"command": [], "event": []}));
}

#[tokio::test]
async fn dialogs_are_answered_in_the_portals_shapes() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    assert_eq!(page.answer("selectUser", json!({"mult": false})).await["id"], "1");
    assert_eq!(page.answer("selectUser", json!({"mult": true})).await[1]["id"], "2");
    assert_eq!(page.answer("selectAccess", json!({"value": []})).await[0]["id"], "AU");
    let crm = page.answer("selectCRM", json!({"entityType": ["deal", "quote"], "multiple": true})).await;
    assert_eq!((&crm["deal"]["1"]["id"], &crm["quote"]["0"]["id"]), (&json!("D_2"), &json!("Q_1")));
}

#[tokio::test]
async fn every_fault_does_to_the_right_answer_what_it_says() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    let right = "key:{\"title\":\"t\"}";
    for (fault, want) in [
        (ParentFault::silent(), vec![]),
        (ParentFault::late(Duration::from_millis(1500)), vec![(right, "own", 1500)]),
        (ParentFault::foreign(), vec![(right, "foreign", 0)]),
        (ParentFault::foreign_first(), vec![(right, "foreign", 0), (right, "own", 0)]),
        (ParentFault::truncated(9), vec![("key:{\"title\":", "own", 0)]),
        (ParentFault::raw("{key}:{oops"), vec![("key:{oops", "own", 0)]),
        (ParentFault::raw("nobody:1"), vec![("nobody:1", "own", 0)]),
        (ParentFault::twice(), vec![(right, "own", 0), (right, "own", 0)]),
        (ParentFault::answer("[7]"), vec![("key:[7]", "own", 0)]),
        (ParentFault::field("title", "7"), vec![("key:{\"title\":7}", "own", 0)]),
        (ParentFault::field("title", "x y"), vec![("key:{\"title\":\"x y\"}", "own", 0)]),
        (ParentFault::without_field("title"), vec![("key:{}", "own", 0)]),
    ] {
        let shown = format!("{fault:?}");
        bench.portal.parent_fault(fault);
        let steps = page.ask("setTitle", json!({"title": "t"})).await;
        assert_eq!(said(&steps), want, "{shown}");
        assert_eq!(steps[0]["effect"]["kind"], "title", "the command does its work all the same");
        assert_eq!(said(&page.ask("setTitle", json!({"title": "t"})).await), [(right, "own", 0)], "once");
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_command_and_strikes_so_many_times() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    bench.portal.parent_fault(ParentFault::without_field("AUTH_EXPIRES").for_command("refreshAuth").times(2));
    assert_eq!(page.answer("getInitData", json!({})).await["AUTH_EXPIRES"], "3600");
    for want in [None, None, Some("3600")] {
        assert_eq!(page.answer("refreshAuth", json!({})).await["AUTH_EXPIRES"].as_str(), want);
    }
    bench.portal.parent_fault(ParentFault::answer("{\"own\":1}").for_command("nothing"));
    assert_eq!(page.answer("nothing", json!({})).await, json!({"own": 1}), "a command that the page does not know");
    bench.portal.parent_fault(ParentFault::silent());
    bench.portal.clear_faults();
    page.answer("getInitData", json!({})).await;
}

#[tokio::test]
async fn a_fault_of_a_slider_strikes_when_that_closes() {
    let bench = Bench::with(builder());
    let page = Page::open(&bench).await;
    bench.portal.parent_fault(ParentFault::answer("{\"result\":\"odd\"}").for_command("openPath"));
    page.effect("openPath", json!({"path": "/crm/lead/details/1/"})).await;
    let closed = steps(&bench.post(&format!("/frame/closed?sid={}", page.sid), &json!({})).await);
    assert_eq!(said(&closed), [("key:{\"result\":\"odd\"}", "own", 0)]);
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
