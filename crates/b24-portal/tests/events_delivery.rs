//! What happens on the portal, and who gets which letter about it.

mod common;

use std::net::Ipv4Addr;
use std::time::Duration;

use b24_portal::{EventFault, Portal};
use bytes::Bytes;
use common::events::{Inbox, Letter, bind, call, portal};
use http::Request;
use serde_json::json;

const HANDLER: &str = "https://app.example/events?x=1";

#[tokio::test]
async fn a_new_deal_is_told_to_an_outgoing_webhook_without_tokens() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal().outgoing_webhook(["OnCrmDealAdd"], "https://hook.example/a"));
    let id = bench.v2("crm.deal.add", &json!({"fields": {"TITLE": "x"}})).await.result().clone();
    bench.v2("crm.deal.update", &json!({"id": id, "fields": {"TITLE": "y"}})).await.result();
    bench.portal.deliveries_done().await;
    let letters = inbox.all();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((letter.url.as_str(), letter.event()), ("https://hook.example/a", "ONCRMDEALADD"));
    assert_eq!(letter.get("data[FIELDS][ID]"), Some(id.to_string().as_str()));
    assert_eq!(letter.get("ts"), Some(bench.clock.now().as_secs().to_string().as_str()));
    assert!(letter.get("event_handler_id").is_some());
    let hook = &bench.portal.outgoing_webhooks()[0];
    let auth: Vec<&str> = letter.fields.keys().filter(|name| name.starts_with("auth")).map(String::as_str).collect();
    let want = ["application_token", "client_endpoint", "domain", "member_id", "server_endpoint"];
    assert_eq!(auth, want.map(|name| format!("auth[{name}]")));
    assert_eq!(letter.get("auth[application_token]"), Some(hook.application_token()));
    assert_eq!(letter.get("auth[client_endpoint]"), Some(format!("{}/rest/", bench.portal.url()).as_str()));
}

#[tokio::test]
async fn each_outgoing_webhook_has_a_token_of_its_own() {
    let portal = Portal::builder().outgoing_webhook(["A"], "http://127.0.0.1/").in_process();
    let later = portal.outgoing_webhook(["b"], "http://127.0.0.1/");
    let hooks = portal.outgoing_webhooks();
    assert_eq!((hooks.len(), hooks[1].application_token()), (2, later.application_token()));
    assert_ne!(hooks[0].application_token(), hooks[1].application_token());
    assert_ne!(hooks[0].application_token(), portal.application().application_token());
    assert_eq!((hooks[1].events(), hooks[0].application_token().len()), (&["B".to_owned()][..], 32));
    assert!(!format!("{hooks:?}").contains(later.application_token()));
}

#[tokio::test]
async fn an_application_gets_tokens_of_the_user_who_is_behind_the_event() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal());
    let app = bench.portal.install(1);
    bind(&bench, &app, "onCrmContactAdd", HANDLER).await;
    let other = bench.portal.install(3);
    call(&bench, &other, "crm.contact.add", json!({"fields": {"NAME": "x"}})).await.result();
    bench.portal.fire_event("ONCRMCONTACTADD", json!({"FIELDS": {"ID": 7}}));
    bench.portal.deliveries_done().await;
    let letters = inbox.all();
    let token = letters[0].get("auth[access_token]").expect("a token");
    let profile = bench.post("/rest/profile", &json!({"auth": token})).await;
    assert_eq!((&profile.result()["ID"], letters[0].get("auth[user_id]")), (&json!("3"), Some("3")));
    assert_eq!(letters[0].get("auth[application_token]"), Some(app.application().application_token()));
    assert_eq!((letters[0].url.as_str(), letters[0].get("auth[refresh_token]")), (HANDLER, None));
    assert_ne!(Some(token), Some(other.access_token()));
    // Nobody is behind the second.
    assert_eq!(letters[1].get("data[FIELDS][ID]"), Some("7"));
    assert_eq!((letters[1].get("auth[access_token]"), letters[1].get("auth[user_id]")), (None, None));
    assert!(letters[1].get("auth[application_token]").is_some());
}

#[tokio::test]
async fn every_write_has_its_event() {
    let inbox = Inbox::new();
    let names = "LEAD DEAL CONTACT COMPANY".split(' ').map(|name| format!("ONCRM{name}"));
    let names = names.chain(["ONTASK".into(), "ONCRMDYNAMICITEM".into()]);
    let names = names.flat_map(|name| ["ADD", "UPDATE", "DELETE"].map(|change| format!("{name}{change}")));
    let names: Vec<String> = names.chain(["ONCRMDYNAMICITEMUPDATE_128".into()]).collect();
    let bench = inbox.bench(portal().outgoing_webhook(names, "https://hook.example/"));
    for (method, params, want, data) in [
        ("crm.lead.update", json!({"id": 5, "fields": {}}), "ONCRMLEADUPDATE", "data[FIELDS][ID]=5"),
        ("crm.company.delete", json!({"id": 6}), "ONCRMCOMPANYDELETE", "data[FIELDS][ID]=6"),
        // A deal is a deal, whichever method it was written with.
        ("crm.item.delete", json!({"entityTypeId": 2, "id": 7}), "ONCRMDEALDELETE", "data[FIELDS][ID]=7"),
        ("tasks.task.update", json!({"taskId": 8, "fields": {}}), "ONTASKUPDATE", "data[FIELDS_AFTER][ID]=8"),
        ("tasks.task.delete", json!({"taskId": 8}), "ONTASKDELETE", "data[FIELDS_AFTER]=undefined"),
    ] {
        bench.v2(method, &params).await.result();
        bench.portal.deliveries_done().await;
        let letters = inbox.take();
        let (name, value) = data.split_once('=').expect("a pair");
        assert_eq!((letters.len(), letters[0].event(), letters[0].get(name)), (1, want, Some(value)), "{method}");
    }
    bench.v3("tasks.task.delete", &json!({"id": 9})).await.result();
    bench.v2("crm.item.update", &json!({"entityTypeId": 128, "id": 4, "fields": {}})).await.result();
    bench.portal.deliveries_done().await;
    let letters = inbox.take();
    let names: Vec<&str> = letters.iter().map(Letter::event).collect();
    assert_eq!(names, ["ONTASKDELETE", "ONCRMDYNAMICITEMUPDATE", "ONCRMDYNAMICITEMUPDATE_128"]);
    assert_eq!(letters[1].get("data[FIELDS][ENTITY_TYPE_ID]"), Some("128"));
    // What is refused has not happened.
    assert_ne!(bench.v2("crm.deal.update", &json!({"id": 7, "fields": {}})).await.status, 200);
    bench.portal.deliveries_done().await;
    assert!(inbox.all().is_empty());
}

#[tokio::test]
async fn the_same_thing_twice_in_one_request_is_told_once() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal().outgoing_webhook(["ONCRMDEALUPDATE"], "https://hook.example/"));
    let update = |id: u32| format!("crm.deal.update?id={id}&fields[TITLE]=x");
    bench.v2("batch", &json!({"cmd": [update(1), update(1), update(2)]})).await.result();
    bench.portal.deliveries_done().await;
    let ids: Vec<Option<String>> =
        inbox.all().iter().map(|letter| letter.get("data[FIELDS][ID]").map(str::to_owned)).collect();
    assert_eq!(ids, [Some("1".to_owned()), Some("2".to_owned())]);
}

#[tokio::test]
async fn an_application_without_a_page_is_told_that_it_is_installed() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal().application_handler("https://app.example/install"));
    let installed = bench.portal.install(1);
    bench.portal.deliveries_done().await;
    let sent = bench.portal.deliveries();
    assert_eq!((sent.len(), sent[0].event.as_str()), (1, "ONAPPINSTALL"));
    assert_eq!(sent[0].body, installed.event_form());
    assert_eq!(inbox.take()[0].get("auth[refresh_token]"), Some(installed.refresh_token()));

    bind(&bench, &installed, "ONAPPUNINSTALL", "https://app.example/gone").await;
    bind(&bench, &installed, "ONCRMDEALADD", "https://app.example/deal").await;
    bench.portal.uninstall_with_data();
    bench.portal.deliveries_done().await;
    let letters = inbox.take();
    assert_eq!((letters.len(), letters[0].event()), (1, "ONAPPUNINSTALL"));
    assert_eq!((letters[0].get("data[CLEAN]"), letters[0].get("auth[access_token]")), (Some("1"), None));
    let token = installed.application().application_token();
    assert_eq!(letters[0].get("auth[application_token]"), Some(token));
    // Its handlers are gone with it.
    bench.portal.install(1);
    assert_eq!(bench.portal.fire_event("ONCRMDEALADD", json!({})), 0);
    bench.portal.uninstall();
    bench.portal.deliveries_done().await;
    assert_eq!(inbox.events(), ["ONAPPINSTALL"]);
}

#[tokio::test]
async fn an_application_hears_nothing_before_its_page_is_done() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal().application_page().application_handler("https://app.example/install"));
    let app = bench.portal.install(1);
    bind(&bench, &app, "ONCRMDEALADD", HANDLER).await;
    bind(&bench, &app, "ONAPPINSTALL", HANDLER).await;
    assert_eq!(bench.portal.fire_event("ONCRMDEALADD", json!({})), 0);
    bench.portal.finish_installation();
    assert_eq!(bench.portal.fire_event("ONCRMDEALADD", json!({})), 1);
    bench.portal.require_payment(true);
    assert_eq!(bench.portal.fire_event("ONCRMDEALADD", json!({})), 0);
    bench.portal.deliveries_done().await;
    assert_eq!(inbox.events(), ["ONAPPINSTALL", "ONCRMDEALADD"]);
}

#[tokio::test]
async fn a_page_in_a_frame_that_is_done_is_told_too() {
    let inbox = Inbox::new();
    let bench = inbox.bench(common::frame::builder().frame_install());
    let app = bench.portal.install(1);
    bind(&bench, &app, "ONAPPINSTALL", HANDLER).await;
    let page = common::frame::Page::open(&bench).await;
    page.ask("setInstallFinish", json!({"value": false})).await;
    assert_eq!(bench.portal.fire_event("ONAPPINSTALL", json!({})), 0);
    page.ask("setInstallFinish", json!({})).await;
    bench.portal.deliveries_done().await;
    assert_eq!(inbox.events(), ["ONAPPINSTALL"]);
}

#[test]
fn an_engine_gives_its_letters_to_whoever_sends_them() {
    let now = Duration::from_secs(1_787_227_200);
    let builder = Portal::builder().webhook(1, "secret").outgoing_webhook(["ONTASKDELETE"], "https://hook.example/");
    let mut engine = builder.engine(now);
    engine.event_fault(EventFault::delayed(Duration::from_secs(5)));
    let request = Request::get("/rest/1/secret/tasks.task.delete?taskId=5").body(Bytes::new()).unwrap();
    assert_eq!(engine.handle(now, Ipv4Addr::LOCALHOST.into(), request).response.status(), 200);
    let letters = engine.take_deliveries();
    assert_eq!((letters.len(), letters[0].event.as_str()), (1, "ONTASKDELETE"));
    assert_eq!((letters[0].url.as_str(), letters[0].delay), ("https://hook.example/", Duration::from_secs(5)));
    assert!(letters[0].body.starts_with(b"event=ONTASKDELETE&event_handler_id=3&data%5BFIELDS_BEFORE%5D%5BID%5D=5&"));
    assert!(engine.take_deliveries().is_empty());
}

#[tokio::test]
async fn a_handler_that_answers_its_own_events_is_cut_off_after_seven() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal());
    let app = bench.portal.install(1);
    bind(&bench, &app, "ONCRMDEALUPDATE", HANDLER).await;
    let mut token = app.access_token().to_owned();
    let mut hops = 0;
    loop {
        let params = json!({"id": 1, "fields": {"TITLE": "x"}, "auth": token});
        bench.post("/rest/crm.deal.update", &params).await.result();
        bench.portal.deliveries_done().await;
        let Some(letter) = inbox.take().pop() else { break };
        token = letter.get("auth[access_token]").expect("a token").to_owned();
        hops += 1;
        assert!(hops < 20);
    }
    assert_eq!(hops, 7);
}

#[tokio::test]
async fn what_is_shown_holds_no_token() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal().application_handler("https://app.example/?key=s3cret"));
    bench.portal.event_fault(EventFault::forged());
    let app = bench.portal.install(1);
    bench.portal.deliveries_done().await;
    let shown = format!("{:?} {:?}", bench.portal.deliveries(), bench.portal);
    for secret in [app.access_token(), app.refresh_token(), app.application().application_token(), "s3cret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    bench.portal.clear_requests();
    assert!(bench.portal.deliveries().is_empty());
}
