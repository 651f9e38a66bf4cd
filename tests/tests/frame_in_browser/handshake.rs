//! How an application and the portal's page find each other, and part.

use b24_portal::{MessageFate, ParentFault};
use serde_json::{Value, json};

use crate::probe::{Probe, eventually, portal, profile};

#[tokio::test]
async fn an_application_learns_what_it_was_opened_with() {
    let opened = portal()
        .frame_language("de")
        .frame_placement("CRM_DEAL_DETAIL_TAB", r#"{"ID":"5","nested":{"a":[1,"ü:|"]}}"#)
        .member_id("0123456789abcdef0123456789abcdef");
    let Some(probe) = Probe::open(opened).await else { return };
    let learned = probe.ok("connect", json!({})).await;
    let want = [
        ("portal", json!(probe.portal.url())),
        ("memberId", json!("0123456789abcdef0123456789abcdef")),
        ("language", json!("de")),
        ("isAdmin", json!(true)),
        ("isInstalling", json!(false)),
        ("isFirstRun", json!(false)),
        ("placement", json!("CRM_DEAL_DETAIL_TAB")),
        ("placementOptions", json!({ "ID": "5", "nested": { "a": [1, "ü:|"] } })),
        ("appOptions", json!([])),
        ("userOptions", json!([])),
    ];
    for (name, want) in want {
        assert_eq!(learned[name], want, "{name}");
    }
}

#[tokio::test]
async fn a_colleague_is_no_administrator() {
    let Some(probe) = Probe::open(portal().signed_in(2)).await else { return };
    assert_eq!(probe.ok("connect", json!({})).await["isAdmin"], false);
}

#[tokio::test]
async fn one_handshake_and_one_request_lead_to_the_first_answer() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.ok("connect", json!({ "unhurried": true })).await;
    assert_eq!(probe.profile().await["ID"], "1");
    assert_eq!(probe.commands(), ["getInitData"]);
    assert_eq!(probe.calls().len(), 1);
    // A while later nobody has asked for more: a page that says nothing is waited for 900 ms.
    probe.portal.parent_fault(ParentFault::silent().for_command("setTitle"));
    assert_eq!(probe.ok("title", json!({ "title": "x" })).await, "posted");
    assert_eq!(probe.commands(), ["getInitData", "setTitle"]);
    assert_eq!(probe.calls().len(), 1);
    let message = &probe.messages("getInitData")[0];
    assert_eq!(message.fate, MessageFate::Accepted);
    assert_eq!(Some(message.origin.as_str()), probe.portal.frame_app_url());
}

#[tokio::test]
async fn who_asks_at_the_same_time_shares_one_handshake() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::late(std::time::Duration::from_millis(300)));
    let early = probe.begin("connect", json!({ "times": 20 })).await;
    let late = probe.begin("connect", json!({ "times": 20 })).await;
    probe.outcome(early).await.unwrap();
    probe.outcome(late).await.unwrap();
    // And who asks later gets what is there.
    probe.ok("connect", json!({})).await;
    assert_eq!(probe.commands(), ["getInitData"]);
    assert_eq!(listeners(&probe).await, "1");
}

#[tokio::test]
async fn all_of_it_works_by_tls() {
    let Some(probe) = Probe::open_by_tls(portal()).await else { return };
    let learned = probe.ok("connect", json!({})).await;
    assert!(learned["portal"].as_str().unwrap().starts_with("https://"), "{learned}");
    probe.profile().await;
    probe.portal.expire_access_tokens();
    probe.profile().await;
    assert_eq!(probe.commands(), ["getInitData", "refreshAuth"]);
}

#[tokio::test]
async fn both_generations_are_called_alone_and_in_batches() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    assert_eq!(probe.profile().await["ID"], "1");
    let task = json!({ "id": 7, "select": ["id", "title"] });
    let v3 = json!({ "calls": [{ "api": "v3", "method": "tasks.task.get", "params": task }] });
    assert_eq!(probe.ok("calls", v3).await["item"]["id"], 7);
    let v2 = json!({ "api": "v2", "commands": [["crm.deal.get", { "id": 1 }], ["crm.deal.get", { "id": 2 }]] });
    let rows = probe.ok("batch", v2).await;
    assert_eq!((&rows[0]["ID"], &rows[1]["ID"]), (&json!("1"), &json!("2")));
    let v3 = json!({ "api": "v3", "commands": [["tasks.task.get", task], ["tasks.task.get", task]] });
    assert_eq!(probe.ok("batch", v3).await[1]["item"]["id"], 7);
    let sent = probe.calls();
    let methods: Vec<_> = sent.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["profile", "tasks.task.get", "batch", "batch"]);
    let access = probe.on_page("return document.querySelector('[name=AUTH_ID]').value", Vec::new()).await;
    let access = access.as_str().unwrap();
    for (number, request) in sent.iter().enumerate() {
        // The body of a v3 batch is a list, which has no place for it.
        let in_query = number == 3;
        assert_eq!(request.query.contains(access), in_query, "{}", request.path);
        assert_eq!(String::from_utf8_lossy(&request.body).contains(access), !in_query, "{}", request.path);
        assert!(!request.headers.contains_key("authorization"), "{}", request.path);
    }
}

#[tokio::test]
async fn the_first_run_is_reported_once() {
    let Some(probe) = Probe::open(portal().frame_first_run()).await else { return };
    assert_eq!(probe.ok("connect", json!({})).await["isFirstRun"], true);
    let told = probe.messages("setInstall");
    assert_eq!(told.len(), 1);
    assert_eq!(serde_json::from_str::<Value>(&told[0].params).unwrap(), json!({ "install": true }));
    assert_eq!(reopened(&probe).await["isFirstRun"], false);
}

#[tokio::test]
async fn an_installation_is_finished_once() {
    let Some(probe) = Probe::open(portal().frame_install()).await else { return };
    // The page would load the application anew, and what is looked at would be gone.
    probe.on_page("effects.reload = (effect) => { seen.installFinished = effect.installFinished }", Vec::new()).await;
    assert_eq!(probe.ok("connect", json!({})).await["isInstalling"], true);
    let first = probe.begin("install finish", json!({})).await;
    assert_eq!(probe.fails("install finish", json!({})).await.code, "INSTALL_FINISHED");
    probe.outcome(first).await.unwrap();
    assert_eq!(probe.fails("install finish", json!({})).await.code, "INSTALL_FINISHED");
    assert_eq!(probe.messages("setInstallFinish").len(), 1);
    assert_eq!(probe.ok("describe", json!({})).await["isInstalling"], false);
    assert_eq!(probe.on_page("return seen.installFinished", Vec::new()).await, "Y");
    assert_eq!(reopened(&probe).await["isInstalling"], false);
    // There is nothing to finish then.
    assert_eq!(probe.fails("install finish", json!({})).await.code, "INSTALL_FINISHED");
}

#[tokio::test]
async fn options_are_there_when_the_application_is_opened_again() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    for (of, value) in [("app", "for:all"), ("user", "für mich {\"a\":1}")] {
        let set = json!({ "of": of, "name": "color", "value": value });
        assert!(probe.ok("set option", set).await.get("answered").is_some());
        assert_eq!(probe.ok("option", json!({ "of": of, "name": "color" })).await, value);
    }
    reopened(&probe).await;
    assert_eq!(probe.ok("option", json!({ "of": "app", "name": "color" })).await, "for:all");
    assert_eq!(probe.ok("option", json!({ "of": "user", "name": "color" })).await, "für mich {\"a\":1}");
    assert_eq!(probe.ok("option", json!({ "of": "user", "name": "size" })).await, Value::Null);
}

#[tokio::test]
async fn a_frame_that_was_given_up_can_be_opened_again() {
    let Some(probe) = Probe::connected(portal().frame_placement("CALL_CARD", "{}")).await else { return };
    assert_eq!(listeners(&probe).await, "1");
    let event = json!({ "event": "CallCard::EntityChanged" });
    probe.ok("bind", event.clone()).await;
    probe.told("placementBindEvent").await;
    let waiting = probe.begin("open path", json!({ "path": "/crm/deal/details/5/" })).await;
    probe.told("openPath").await;
    assert!(probe.look(waiting).await.is_none());

    probe.ok("destroy", json!({})).await;
    assert_eq!(probe.outcome(waiting).await.unwrap_err().code, "FRAME_DESTROYED");
    assert_eq!(listeners(&probe).await, "0");
    // The page still has the key, and speaks to nobody.
    assert_eq!(probe.portal.fire_placement_event("CallCard::EntityChanged", "1"), 1);
    assert_eq!(probe.fails("title", json!({ "title": "x" })).await.code, "FRAME_DESTROYED");
    assert_eq!(probe.ok("events", event).await, json!({ "events": [], "hasEnded": true }));
    assert_eq!(probe.ok("describe", json!({})).await["isDestroyed"], true);
    // Calls go on with the token that is there.
    probe.profile().await;
    assert_eq!(probe.messages("getInitData").len(), 1);

    assert_eq!(probe.ok("connect", json!({})).await["isDestroyed"], false);
    assert_eq!(probe.messages("getInitData").len(), 2);
    assert_eq!(listeners(&probe).await, "1");
    probe.portal.expire_access_tokens();
    probe.profile().await;
    assert_eq!(probe.messages("refreshAuth").len(), 1);
}

#[tokio::test]
async fn an_application_opened_outside_of_a_portal_says_so() {
    let Some(probe) = Probe::without_page(portal()).await else { return };
    let app = probe.portal.frame_app_url().unwrap().to_owned();
    probe.browser.goto(&app).await.unwrap();
    let domain = probe.portal.url().strip_prefix("http://").unwrap().to_owned();
    // The last one is right, and still there is no page around this one.
    for name in [String::new(), "_blank".to_owned(), format!("{domain}|7|abc"), format!("{domain}|0|abc")] {
        probe.is_ready().await;
        probe.browser.execute("window.name = arguments[0]", vec![json!(name)]).await.unwrap();
        let failure = probe.fails("connect", json!({})).await;
        assert_eq!(failure.code, "NOT_IN_FRAME", "{name:?}: {}", failure.text);
        assert!(failure.took.as_secs() < 5, "{failure:?}");
    }
    assert_eq!(listeners(&probe).await, "0");
    assert_eq!(probe.commands(), [""; 0]);
}

#[tokio::test]
async fn a_frame_with_another_name_is_none() {
    let Some(probe) = Probe::open(portal()).await else { return };
    const RENAME: &str = "window.name = arguments[0]";
    let right = probe.in_app("return window.name").await;
    for name in ["", "app", "portal.example|1", "a b|1|abc"] {
        probe.browser.execute(RENAME, vec![json!(name)]).await.unwrap();
        assert_eq!(probe.fails("connect", json!({})).await.code, "NOT_IN_FRAME", "{name:?}");
    }
    assert_eq!(probe.commands(), [""; 0]);
    // The failure is not kept.
    probe.browser.execute(RENAME, vec![right]).await.unwrap();
    probe.ok("connect", json!({})).await;
    probe.ok("calls", profile()).await;
}

/// How many functions of the application listen to messages.
async fn listeners(probe: &Probe) -> String {
    // A listener goes when its task has run to the end, which is after what the test waits for.
    let script = "return document.body.dataset.listeners";
    let settled = eventually(|| async {
        let (one, two) = (probe.in_app(script).await, probe.in_app(script).await);
        (one == two).then_some(one)
    });
    settled.await.as_str().unwrap().to_owned()
}

/// Opens the page anew, and says what the application learns then.
async fn reopened(probe: &Probe) -> Value {
    probe.goto().await;
    probe.ok("connect", json!({})).await
}
