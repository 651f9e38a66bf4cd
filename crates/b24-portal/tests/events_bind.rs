//! `events`, `event.bind`, `event.unbind`, `event.get`, `event.test`.

mod common;

use common::events::{Inbox, bind, bind_offline, call, portal};
use common::{Bench, column};
use serde_json::{Value, json};

const HANDLER: &str = "https://app.example/events";

#[tokio::test]
async fn a_webhook_has_no_events() {
    let bench = Bench::new();
    for method in [
        "events",
        "event.bind",
        "event.unbind",
        "event.get",
        "event.test",
        "event.offline.get",
        "event.offline.clear",
        "event.offline.error",
        "event.offline.list",
    ] {
        let reply = bench.v2(method, &json!({"event": "ONCRMDEALADD", "handler": HANDLER})).await;
        assert_eq!((reply.status, reply.error()), (403, "WRONG_AUTH_TYPE"), "{method}");
    }
}

#[tokio::test]
async fn a_handler_is_bound_once() {
    let bench = Bench::new();
    let app = bench.portal.install(1);
    bind(&bench, &app, "OnCrmDealAdd", HANDLER).await;
    let again = call(&bench, &app, "event.bind", json!({"EVENT": "ONCRMDEALADD", "HANDLER": HANDLER})).await;
    assert_eq!((again.status, again.error()), (400, "ERROR_CORE"));
    assert!(again.body["error_description"].as_str().unwrap().ends_with("Handler already binded"));
    // As another user it is another handler.
    let params = json!({"event": "ONCRMDEALADD", "handler": HANDLER, "auth_type": 3});
    assert_eq!(*call(&bench, &app, "event.bind", params).await.result(), true);
    bind_offline(&bench, &app, "ONCRMDEALADD").await;

    let bound = call(&bench, &app, "event.get", json!({})).await;
    assert_eq!(
        *bound.result(),
        json!([
            {"event": "ONCRMDEALADD", "handler": HANDLER, "auth_type": "0", "offline": 0},
            {"event": "ONCRMDEALADD", "handler": HANDLER, "auth_type": "3", "offline": 0},
            {"event": "ONCRMDEALADD", "connector_id": "", "offline": 1},
        ])
    );
    for (params, want) in [
        (json!({"event": "oncrmdealadd", "handler": "https://app.example/"}), 0),
        (json!({"event": "oncrmdealadd", "handler": HANDLER, "auth_type": 0}), 1),
        (json!({"event": "oncrmdealadd", "handler": HANDLER}), 1),
        (json!({"event": "oncrmdealadd", "event_type": "offline"}), 1),
        (json!({"event": "oncrmdealadd", "event_type": "offline"}), 0),
    ] {
        assert_eq!(*call(&bench, &app, "event.unbind", params).await.result(), json!({"count": want}));
    }
    assert_eq!(*call(&bench, &app, "event.get", json!({})).await.result(), json!([]));
}

#[tokio::test]
async fn wrong_handlers_are_refused() {
    let bench = Bench::new();
    let app = bench.portal.install(1);
    for (params, error) in [
        (json!({"handler": HANDLER}), "ERROR_ARGUMENT"),
        (json!({"event": "ONCRMDEALADD"}), "ERROR_ARGUMENT"),
        (json!({"event": "ONCRMDEALADD", "handler": HANDLER, "event_type": "x"}), "ERROR_ARGUMENT"),
        (json!({"event": "ONOFFLINEEVENT", "event_type": "offline"}), "ERROR_ARGUMENT"),
        (json!({"event": "ONNOTHING", "handler": HANDLER}), "ERROR_EVENT_NOT_FOUND"),
        (json!({"event": "ONCRMDYNAMICITEMADD_129", "handler": HANDLER}), "ERROR_EVENT_NOT_FOUND"),
        (json!({"event": "ONCRMDEALADD", "handler": "https://localhost/x"}), "ERROR_WRONG_HANDLER_URL"),
        (json!({"event": "ONCRMDEALADD", "handler": "/events.php"}), "ERROR_WRONG_HANDLER_URL"),
        (json!({"event": "ONCRMDEALADD", "handler": "ftp://app.example/x"}), "ERROR_UNSUPPORTED_PROTOCOL"),
    ] {
        let reply = call(&bench, &app, "event.bind", params.clone()).await;
        assert_eq!((reply.status, reply.error()), (400, error), "{params}");
    }
    assert_eq!(call(&bench, &app, "event.bind", json!({})).await.body["argument"], "EVENT");
    assert_eq!(*call(&bench, &app, "event.get", json!({})).await.result(), json!([]));
}

#[tokio::test]
async fn events_belong_to_scopes() {
    let bench = Bench::with(portal().application_scopes(["task"]));
    let app = bench.portal.install(1);
    let names = |reply: &Value| reply.as_array().expect("a list").iter().any(|name| name == "ONCRMDYNAMICITEMADD_128");
    let own = call(&bench, &app, "events", json!({})).await;
    assert!(own.result().as_array().unwrap().contains(&json!("ONTASKADD")) && !names(own.result()));
    assert!(names(call(&bench, &app, "events", json!({"FULL": true})).await.result()));
    assert!(names(call(&bench, &app, "events", json!({"SCOPE": "crm"})).await.result()));
    let reply = call(&bench, &app, "event.bind", json!({"event": "ONCRMDEALADD", "handler": HANDLER})).await;
    assert_eq!(reply.error(), "ERROR_EVENT_NOT_FOUND");
    bind(&bench, &app, "ONTASKADD", HANDLER).await;
}

#[tokio::test]
async fn who_is_no_administrator_binds_for_himself() {
    let inbox = Inbox::new();
    let bench = inbox.bench(portal());
    let app = bench.portal.install(2);
    bind(&bench, &app, "ONTASKADD", HANDLER).await;
    let denied = [
        ("event.bind", json!({"event": "ONTASKADD", "event_type": "offline"})),
        ("event.bind", json!({"event": "ONTASKADD", "handler": HANDLER, "auth_type": 3})),
        ("event.unbind", json!({"event": "ONTASKADD", "event_type": "offline"})),
        ("event.unbind", json!({"event": "ONTASKADD", "handler": HANDLER, "auth_type": 3})),
        ("event.offline.get", json!({})),
        ("event.offline.list", json!({})),
    ];
    for (method, params) in denied {
        let reply = call(&bench, &app, method, params).await;
        assert_eq!((reply.status, reply.error()), (403, "ACCESS_DENIED"), "{method}");
    }
    let admin = bench.portal.install(1);
    bind(&bench, &admin, "ONTASKADD", "https://app.example/admin").await;
    let own = call(&bench, &app, "event.get", json!({})).await;
    assert_eq!(column(own.result(), "auth_type"), [2]);
    assert_eq!(call(&bench, &admin, "event.get", json!({})).await.result().as_array().unwrap().len(), 2);
    // His handler works as himself, whoever is behind the event.
    bench.portal.fire_event_as(5, "ONTASKADD", json!({}));
    bench.portal.deliveries_done().await;
    let users: Vec<Option<String>> =
        inbox.all().iter().map(|letter| letter.get("auth[user_id]").map(str::to_owned)).collect();
    assert_eq!(users, [Some("2".to_owned()), Some("5".to_owned())]);
}

#[tokio::test]
async fn a_test_event_brings_back_what_was_sent_and_a_refresh_token() {
    let inbox = Inbox::new();
    let builder = portal().application("app.two", "S").application("app.three", "S");
    let bench = inbox.bench(builder.outgoing_webhook(["ONAPPTEST"], "https://hook.example/"));
    let apps = bench.portal.applications();
    let (one, two) = (bench.portal.install_application(&apps[0], 1), bench.portal.install_application(&apps[1], 1));
    bind(&bench, &one, "ONAPPTEST", HANDLER).await;
    bind(&bench, &two, "ONAPPTEST", "https://other.example/").await;
    assert_eq!(*call(&bench, &one, "event.test", json!({"any": {"data": 1}})).await.result(), 1);
    bench.portal.deliveries_done().await;
    let letters = inbox.all();
    assert_eq!((letters.len(), letters[0].url.as_str(), letters[0].event()), (1, HANDLER, "ONAPPTEST"));
    assert_eq!(letters[0].get("data[QUERY][any][data]"), Some("1"));
    assert!(letters[0].get("auth[refresh_token]").is_some());
}

#[tokio::test]
async fn nobody_unbinds_the_handlers_of_another_application() {
    let bench = Bench::with(portal().application("app.two", "S").application("app.three", "S"));
    let apps = bench.portal.applications();
    let (one, two) = (bench.portal.install_application(&apps[0], 1), bench.portal.install_application(&apps[1], 1));
    for app in [&one, &two] {
        bind(&bench, app, "ONCRMDEALADD", HANDLER).await;
    }
    let params = json!({"event": "ONCRMDEALADD", "handler": HANDLER});
    assert_eq!(*call(&bench, &one, "event.unbind", params).await.result(), json!({"count": 1}));
    assert_eq!(call(&bench, &two, "event.get", json!({})).await.result().as_array().unwrap().len(), 1);
}
