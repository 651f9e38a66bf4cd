//! Handlers and answers, against a portal that is a list of answers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

#[path = "common/portal.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod portal;

use b24_core::{Error, ErrorKind, Safety, Secret};
use b24_events::{
    binding::{self, Binding},
    reply::{self, Message},
};
use portal::Portal;
use serde_json::{Value, json};

const HANDLER: &str = "https://app.example.com/events";
const TOKEN: &str = "55c1dc1c3f0d75.78875596|A51601_82584_96831_81132|hsyUws1j4XiwqPqN45eH66CcQtEvpUIP.47dd5d88";

#[tokio::test]
async fn handlers_are_bound_with_what_they_were_given() {
    let online = Binding::online("onCrmDealAdd", HANDLER).with_user(15);
    let doorbell = Binding::online("ONOFFLINEEVENT", HANDLER).with_option("minTimeout", 5);
    let offline = Binding::offline("ONCRMDEALUPDATE").with_auth_connector("crm-sync");
    let portal = Portal::default().says(&json!(true)).says(&json!(true)).says(&json!(true));
    for binding in [&online, &doorbell, &offline] {
        assert!(binding::bind(portal.clone(), binding).await.unwrap());
    }
    let want = [
        json!({ "event": "ONCRMDEALADD", "event_type": "online", "handler": HANDLER, "auth_type": 15 }),
        json!({ "event": "ONOFFLINEEVENT", "event_type": "online", "handler": HANDLER, "options": { "minTimeout": 5 } }),
        json!({ "event": "ONCRMDEALUPDATE", "event_type": "offline", "auth_connector": "crm-sync" }),
    ];
    let asked = portal.asked();
    assert!(asked.iter().all(|(method, _)| method == "event.bind"));
    assert_eq!(asked.into_iter().map(|(_, params)| params).collect::<Vec<_>>(), want);
    // A second binding is refused by a text that counts as success.
    assert_eq!(portal.safety(0), Safety::Idempotent);
}

#[tokio::test]
async fn bound_already_is_success_in_every_spelling_and_nothing_else_is() {
    let already = [
        (400, "ERROR_CORE", "Unable to set event handler: Handler already binded"),
        (400, "ERROR_CORE", "Handler already binded"),
        (400, "error_core", "Unable to set event handler: Handler already bound. "),
        (400, "ERROR_EVENT_BINDING_EXISTS", "Event binding exists"),
        (200, "ERROR_EVENT_BINDING_EXISTS", ""),
    ];
    for (status, code, message) in already {
        let portal = Portal::default().refuses(status, code, message);
        assert!(!binding::bind(portal, &Binding::offline("A")).await.unwrap(), "{code} {message}");
    }
    let others = [
        (400, "ERROR_CORE", "Unable to set event handler: Process of binding the handler has already started"),
        (400, "ERROR_CORE", ""),
        (400, "ERROR_EVENT_NOT_FOUND", "Event not found: handler already binded"),
        (403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method"),
    ];
    for (status, code, message) in others {
        let portal = Portal::default().refuses(status, code, message);
        let error = binding::bind(portal, &Binding::offline("A")).await.unwrap_err();
        assert_eq!((error.code(), error.request().unwrap().method().as_str()), (code, "event.bind"));
    }
    let error = binding::bind(Portal::default().says(&json!(false)), &Binding::offline("A")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn nothing_to_unbind_is_no_error() {
    let portal = Portal::default().says(&json!({ "count": 2 })).says(&json!({ "count": "0" })).says(&json!([]));
    let binding = Binding::online("ONCRMDEALADD", HANDLER);
    for count in [2, 0, 0] {
        assert_eq!(binding::unbind(portal.clone(), &binding).await.unwrap(), count);
    }
    // No user, which is another thing than user 0.
    let want = json!({ "event": "ONCRMDEALADD", "event_type": "online", "handler": HANDLER });
    assert_eq!(portal.asked()[0], ("event.unbind".to_owned(), want));
}

#[tokio::test]
async fn the_list_of_handlers_is_read_in_every_spelling() {
    let portal = Portal::default().says(&json!({ "1": { "event": "A", "handler": HANDLER, "auth_type": "15", "offline": 0 },
        "2": { "event": "B", "handler": HANDLER, "auth_type": null, "offline": "0" },
        "3": { "event": "C", "connector_id": "", "offline": 1 }, "4": { "event": "D", "connector_id": "x", "offline": "1" } }));
    let want = [
        Binding::online("A", HANDLER).with_user(15),
        Binding::online("B", HANDLER),
        Binding::offline("C"),
        Binding::offline("D").with_auth_connector("x"),
    ];
    assert_eq!(binding::bound(portal).await.unwrap(), want);
}

#[tokio::test]
async fn only_what_is_missing_is_bound() {
    let there = json!([
        { "event": "ONCRMDEALADD", "handler": HANDLER, "auth_type": "0", "offline": 0 },
        { "event": "ONCRMDEALUPDATE", "connector_id": "", "offline": 1 },
        { "event": "ONAPPTEST", "handler": "https://old.example.com/", "auth_type": "0", "offline": 0 },
    ]);
    let portal = Portal::default().says(&there).says(&json!(true)).says(&json!(true)).says(&json!(true)).refuses(
        400,
        "ERROR_CORE",
        "Unable to set event handler: Handler already binded",
    );
    let bindings = [
        Binding::online("OnCrmDealAdd", HANDLER),
        Binding::offline("ONCRMDEALUPDATE"),
        Binding::offline("ONCRMDEALUPDATE").with_auth_connector("crm-sync"),
        Binding::online("ONAPPTEST", HANDLER),
        // Bound with the tokens of whoever acts, and not with these.
        Binding::online("ONCRMDEALADD", HANDLER).with_user(7),
        // The portal does not say which queue an online handler is in.
        Binding::online("ONCRMDEALADD", HANDLER).with_auth_connector("crm-sync"),
    ];
    let added = binding::ensure(portal.clone(), &bindings).await.unwrap();
    assert_eq!(added, bindings[2..5]);
    let asked: Vec<_> = portal.asked().into_iter().map(|(method, _)| method).collect();
    assert_eq!(asked, ["event.get", "event.bind", "event.bind", "event.bind", "event.bind"]);
}

#[tokio::test]
async fn values_go_to_the_process_that_waits() {
    let portal = Portal::default().says(&json!(true)).says(&json!(true)).says(&json!(true));
    let token = Secret::from(TOKEN);
    reply::send_values(portal.clone(), &token, &json!({ "discount": 15 }), Some("fine")).await.unwrap();
    reply::send_values(portal.clone(), &token, &(), None).await.unwrap();
    reply::write_log(portal.clone(), &token, "please wait").await.unwrap();
    let want = [
        json!({ "EVENT_TOKEN": TOKEN, "RETURN_VALUES": { "discount": 15 }, "LOG_MESSAGE": "fine" }),
        json!({ "EVENT_TOKEN": TOKEN, "RETURN_VALUES": Value::Null }),
        json!({ "EVENT_TOKEN": TOKEN, "LOG_MESSAGE": "please wait" }),
    ];
    let (methods, params): (Vec<_>, Vec<_>) = portal.asked().into_iter().unzip();
    assert_eq!(methods, ["bizproc.event.send", "bizproc.event.send", "bizproc.activity.log"]);
    assert_eq!(params, want);
    assert!((0..3).all(|place| portal.safety(place) == Safety::NotIdempotent));
}

#[tokio::test]
async fn a_token_is_in_no_error_and_no_request_that_is_shown() {
    let said = format!("token {TOKEN} is used up");
    let portal = Portal::default().refuses(403, "ACCESS_DENIED", &said).refuses(403, "ACCESS_DENIED", &said);
    let token = Secret::from(TOKEN);
    let shown = |error: &Error| format!("{error} {error:?} {}", error.request().unwrap().redacted_params());
    let sent = reply::send_values(portal.clone(), &token, &(), Some("fine")).await.unwrap_err();
    let logged = reply::write_log(portal.clone(), &token, "fine").await.unwrap_err();
    for error in [sent, logged] {
        assert_eq!(error.code(), "ACCESS_DENIED");
        assert!(shown(&error).contains("fine") && !shown(&error).contains("hsyUws"), "{}", shown(&error));
    }
    assert!(!format!("{:?}", portal.request(0)).contains("hsyUws"));
}

#[tokio::test]
async fn messages_go_by_a_user_or_a_bot() {
    let portal = Portal::default().says(&json!(11)).says(&json!("12"));
    assert_eq!(Message::plain("chat13", "Hi [user=all]").send(portal.clone()).await.unwrap(), 11);
    let bot = Message::bb_code("256", "[b]Hi[/b]").from_bot(39).without_previews();
    assert_eq!(bot.send(portal.clone()).await.unwrap(), 12);
    let want = [
        (
            "im.message.add".to_owned(),
            json!({ "DIALOG_ID": "chat13", "MESSAGE": "Hi [\u{2060}user=all]", "URL_PREVIEW": "Y" }),
        ),
        (
            "imbot.message.add".to_owned(),
            json!({ "BOT_ID": 39, "DIALOG_ID": "256", "MESSAGE": "[b]Hi[/b]", "URL_PREVIEW": "N" }),
        ),
    ];
    assert_eq!(portal.asked(), want);
    assert_eq!(portal.safety(0), Safety::NotIdempotent);
    assert!(!format!("{bot:?}").contains("Hi"));
}
