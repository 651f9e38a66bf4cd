//! Pages that mean harm, and messages that are none.

use std::time::Duration;

use b24_portal::ParentFault;
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::probe::{Probe, portal, profile};

/// Adds a frame of another origin to the portal's page, and looks into it.
async fn enter_foreign(probe: &Probe) {
    const ADD: &str = "const frame = document.createElement('iframe'); frame.id = 'evil'; frame.src = arguments[0]; \
        document.body.append(frame)";
    let page = format!("{}/frame/foreign", probe.portal.auth_url());
    probe.browser.enter_parent_frame().await.unwrap();
    probe.browser.execute(ADD, vec![json!(page)]).await.unwrap();
    probe.browser.wait().for_element(Locator::Css("#evil")).await.unwrap().enter_frame().await.unwrap();
}

/// Posts to the application from the frame that is looked at, then looks at the application.
async fn post_to_app(probe: &Probe, messages: &[Value]) {
    const POST: &str = "for (const message of arguments[0]) window.parent.frames[0].postMessage(message, '*')";
    probe.browser.execute(POST, vec![json!(messages)]).await.unwrap();
    probe.browser.enter_parent_frame().await.unwrap();
    probe.browser.find(Locator::Css("#app")).await.unwrap().enter_frame().await.unwrap();
}

/// Waits until the application's page has got so many messages.
async fn heard(probe: &Probe, number: u64) {
    let enough = || async { (probe.in_app("return window.heard.length").await.as_u64()? >= number).then_some(()) };
    crate::probe::eventually(enough).await;
}

async fn warnings(probe: &Probe) -> usize {
    let log = probe.ok("log", json!({})).await;
    log.as_str().unwrap().matches("a message of a foreign origin was dropped").count()
}

#[tokio::test]
async fn an_answer_of_another_origin_is_dropped_and_the_right_one_counts() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::foreign_first().for_command("getInitData"));
    probe.portal.parent_fault(ParentFault::foreign_first().for_command("refreshAuth"));
    probe.ok("connect", json!({})).await;
    probe.portal.expire_access_tokens();
    probe.profile().await;
    assert_eq!(probe.in_app("return window.heard.length").await, 4);
    // The origin is told of once.
    assert_eq!(warnings(&probe).await, 1);
}

#[tokio::test]
async fn an_answer_of_another_origin_alone_is_none() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::foreign().for_command("getInitData"));
    let failure = probe.fails("connect", json!({})).await;
    assert_eq!(failure.code, "FRAME_NO_ANSWER", "{failure:?}");
    assert_eq!(probe.in_app("return window.heard.length").await, 1);
}

#[tokio::test]
async fn forged_tokens_of_another_origin_never_reach_the_portal() {
    let Some(probe) = Probe::open(portal()).await else { return };
    let forged = json!({ "AUTH_ID": "f0rged", "AUTH_EXPIRES": "3600", "MEMBER_ID": "f0rged" });
    // As if the key had been found out.
    for command in ["getInitData", "refreshAuth"] {
        probe.portal.clear_requests();
        probe.portal.parent_fault(ParentFault::late(Duration::from_secs(3)).for_command(command));
        let task = if command == "getInitData" {
            probe.begin("connect", json!({})).await
        } else {
            probe.portal.expire_access_tokens();
            probe.begin("calls", profile()).await
        };
        let key = probe.told(command).await.callback;
        let before = probe.in_app("return window.heard.length").await.as_u64().unwrap();
        enter_foreign(&probe).await;
        post_to_app(&probe, &[json!(format!("{key}:{forged}"))]).await;
        heard(&probe, before + 1).await;
        // It was heard before the right answer came, or this shows nothing.
        assert!(probe.look(task).await.is_none(), "the page was too slow");
        let said = probe.outcome(task).await.unwrap();
        assert!(!said.to_string().contains("f0rged"), "{said}");
        probe.on_page("document.getElementById('evil').remove()", Vec::new()).await;
    }
    probe.profile().await;
    for request in probe.portal.requests() {
        let sent = format!("{}{:?}{}", request.query, request.headers, String::from_utf8_lossy(&request.body));
        assert!(!sent.contains("f0rged"), "{}", request.path);
    }
}

#[tokio::test]
async fn a_page_without_an_origin_is_not_listened_to() {
    let Some(probe) = Probe::open(portal()).await else { return };
    probe.portal.parent_fault(ParentFault::late(Duration::from_secs(3)).for_command("getInitData"));
    let task = probe.begin("connect", json!({})).await;
    let key = probe.told("getInitData").await.callback;
    const ADD: &str = "const frame = document.createElement('iframe'); frame.sandbox = 'allow-scripts'; \
        const message = JSON.stringify(arguments[0]).replaceAll('<', '\\\\u003c'); \
        frame.srcdoc = `<script>parent.frames[0].postMessage(${message}, '*')</` + 'script>'; \
        document.body.append(frame)";
    probe.on_page(ADD, vec![json!(format!("{key}:{{\"AUTH_ID\":\"f0rged\",\"LANG\":\"xx\"}}"))]).await;
    heard(&probe, 1).await;
    assert_eq!(probe.in_app("return window.heard[0].origin").await, "null");
    assert!(probe.look(task).await.is_none(), "the page was too slow");
    assert_eq!(probe.outcome(task).await.unwrap()["language"], "en");
    probe.profile().await;
}

#[tokio::test]
async fn a_frame_around_the_application_that_is_not_its_portal_learns_nothing() {
    let Some(probe) = Probe::without_page(portal()).await else { return };
    let domain = probe.portal.url().strip_prefix("http://").unwrap().to_owned();
    // The application is told that it is in the portal, and is in a page of somebody else.
    const BUILD: &str = "window.got = []; window.addEventListener('message', (event) => window.got.push(event.data)); \
        const frame = document.createElement('iframe'); frame.id = 'app'; frame.name = arguments[0]; \
        frame.src = arguments[1]; document.body.append(frame)";
    probe.browser.goto(&format!("{}/frame/foreign", probe.portal.auth_url())).await.unwrap();
    let app = probe.portal.frame_app_url().unwrap();
    probe.browser.execute(BUILD, vec![json!(format!("{domain}|0|abc")), json!(app)]).await.unwrap();
    probe.enter().await;
    let task = probe.begin("connect", json!({})).await;
    const FORGE: &str = "window.frames[0].postMessage(':{\"AUTH_ID\":\"f0rged\"}', '*')";
    probe.on_page(FORGE, Vec::new()).await;
    heard(&probe, 1).await;
    let failure = probe.outcome(task).await.unwrap_err();
    assert_eq!(failure.code, "FRAME_NO_ANSWER", "{failure:?}");
    assert_eq!(probe.on_page("return window.got", Vec::new()).await, json!([]));
    assert_eq!(probe.portal.frame_messages().len() + probe.portal.requests().len(), 0);
}

#[tokio::test]
async fn what_is_no_answer_is_ignored() {
    let Some(probe) = Probe::open(portal()).await else { return };
    const SAY: &str = "for (const message of [...arguments[0], undefined, new Map(), 'x'.repeat(1 << 20)]) \
        document.getElementById('app').contentWindow.postMessage(message, setting.appOrigin)";
    let messages = [
        json!("nobody:{}"),
        json!("nobody:{\"cut"),
        json!("nobody"),
        json!(":"),
        json!(""),
        json!(":::::"),
        json!("\u{0}\u{feff}😀:💥"),
        json!(7),
        json!(null),
        json!(["a"]),
        json!({ "method": "x", "AUTH_ID": "f0rged" }),
    ];
    // Before there is anybody who waits, while somebody does, and after.
    probe.on_page(SAY, vec![json!(messages)]).await;
    probe.portal.parent_fault(ParentFault::late(Duration::from_secs(1)).for_command("getInitData"));
    let task = probe.begin("connect", json!({})).await;
    probe.told("getInitData").await;
    probe.on_page(SAY, vec![json!(messages)]).await;
    probe.outcome(task).await.unwrap();
    probe.on_page(SAY, vec![json!(messages)]).await;
    probe.profile().await;
    heard(&probe, 3 * 14 + 1).await;
    assert_eq!(warnings(&probe).await, 0);
    assert_eq!(probe.in_app("return document.getElementById('console').textContent").await, "");
}
