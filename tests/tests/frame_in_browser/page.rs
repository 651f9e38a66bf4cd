//! What an application does to the page around it.

use std::time::Duration;

use b24_portal::{MessageFate, ParentFault};
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::probe::{Probe, eventually, portal};

#[tokio::test]
async fn the_page_around_gets_a_title_a_size_and_a_place() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    let title = "Deals: \"5\" <b>|ü";
    assert_eq!(probe.ok("title", json!({ "title": title })).await, json!({ "answered": { "title": title } }));
    assert_eq!(probe.on_page("return document.title", Vec::new()).await, title);

    let size = json!({ "width": 640, "height": 3000 });
    let answer = probe.ok("resize", size).await;
    let answered = ["width", "height"].map(|name| answer["answered"][name].as_f64());
    assert_eq!(answered, [Some(640.0), Some(3000.0)]);
    assert_eq!(probe.in_app("return [window.innerWidth, window.innerHeight]").await, json!([640, 3000]));
    assert_eq!(probe.fails("resize", json!({ "width": 640 })).await.code, "INVALID_PARAMS");

    probe.ok("scroll", json!({ "to": 700 })).await;
    assert_eq!(probe.on_page("return window.scrollY", Vec::new()).await, 700);

    // Higher than the page of the application is now, so that it has to grow.
    probe.in_app("document.getElementById('console').style.height = '4000px'").await;
    probe.ok("fit", json!({})).await;
    let fits =
        "const root = document.documentElement; return [root.scrollHeight - root.clientHeight, root.clientHeight]";
    let [over, height] = serde_json::from_value::<[i64; 2]>(probe.in_app(fits).await).unwrap();
    assert!(over == 0 && height >= 4000, "{over} {height}");

    // Answered or not, it was posted.
    assert_eq!(probe.ok("messenger", json!({ "dialog": "chat12" })).await, "posted");
    assert_eq!(probe.told("imOpenMessenger").await.params, r#"{"dialogId":"chat12"}"#);
    assert!(probe.portal.frame_messages().iter().all(|message| message.fate == MessageFate::Accepted));
}

#[tokio::test]
async fn the_page_is_loaded_anew() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    probe.on_page("window.isOld = true", Vec::new()).await;
    probe.begin("reload", json!({})).await;
    // The frame that the browser looks at goes with its page.
    let window = probe.browser.window().await.unwrap();
    probe.browser.switch_to_window(window).await.unwrap();
    let fresh = "return window.isOld !== true && document.body?.dataset.ready === 'Y'";
    eventually(|| async { (probe.browser.execute(fresh, Vec::new()).await.ok()? == true).then_some(()) }).await;
    probe.enter().await;
    probe.ok("connect", json!({})).await;
    probe.profile().await;
    assert_eq!(probe.commands(), ["getInitData", "reloadWindow", "getInitData"]);
}

#[tokio::test]
async fn dialogs_hand_out_what_was_chosen() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    let params = |command: &str| serde_json::from_str::<Value>(&probe.messages(command).pop().unwrap().params).unwrap();
    assert_eq!(probe.ok("select user", json!({})).await, json!(["1", "User 1"]));
    assert_eq!(params("selectUser"), json!({ "mult": false }));
    assert_eq!(probe.ok("select users", json!({})).await, json!([["1", "User 1"], ["2", "User 2"]]));
    assert_eq!(params("selectUser"), json!({ "mult": true }));
    let rights = json!([["AU", "All authorized users"], ["U1", "User 1"]]);
    assert_eq!(probe.ok("select access", json!({})).await, rights);
    assert_eq!(params("selectAccess"), json!({ "value": ["U2"] }));
    let (deals, contacts) =
        (json!([["D_1", "Deal 1"], ["D_2", "Deal 2"]]), json!([["C_1", "Contact 1"], ["C_2", "Contact 2"]]));
    let chosen = json!({ "deal": deals, "contact": contacts, "lead": null });
    assert_eq!(probe.ok("select crm", json!({})).await, chosen);
    assert_eq!(
        params("selectCRM"),
        json!({ "entityType": ["deal", "contact"], "multiple": true, "value": { "deal": [5] } })
    );
    // A user who closes the dialog, and one who takes more than a moment.
    probe.portal.parent_fault(ParentFault::answer("[]").for_command("selectUser"));
    assert_eq!(probe.ok("select user", json!({})).await, Value::Null);
    probe.portal.parent_fault(ParentFault::late(Duration::from_secs(2)).for_command("selectAccess"));
    assert_eq!(probe.ok("select access", json!({})).await, rights);
    probe.portal.parent_fault(ParentFault::answer("[{\"name\":\"x\"}]").for_command("selectUser"));
    assert_eq!(probe.fails("select user", json!({})).await.code, "FRAME_BAD_ANSWER");
}

#[tokio::test]
async fn a_page_in_a_slider_is_waited_for_until_it_is_closed() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    let open = probe.begin("open path", json!({ "path": "/crm/deal/details/5/?tab=1#top" })).await;
    probe.told("openPath").await;
    let shown = "return document.querySelector('.slider')?.dataset.path ?? null";
    let path = eventually(|| async { probe.on_page(shown, Vec::new()).await.as_str().map(str::to_owned) }).await;
    assert!(path.contains("/crm/deal/details/5/?tab=1&IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER"), "{path}");
    assert!(probe.look(open).await.is_none());
    probe.on_page("document.querySelector('.slider-close').click()", Vec::new()).await;
    assert_eq!(probe.outcome(open).await.unwrap(), "Closed");
    // Two at once; the one on top goes first.
    let lower = probe.begin("open path", json!({ "path": "/crm/deal/details/1/" })).await;
    let upper = probe.begin("open path", json!({ "path": "/crm/deal/details/2/" })).await;
    eventually(|| async { (probe.messages("openPath").len() == 3).then_some(()) }).await;
    assert_eq!(probe.portal.close_sliders(), 1);
    assert_eq!(probe.outcome(upper).await.unwrap(), "Closed");
    assert!(probe.look(lower).await.is_none());
    assert_eq!(probe.portal.close_sliders(), 1);
    assert_eq!(probe.outcome(lower).await.unwrap(), "Closed");

    probe.portal.parent_fault(
        ParentFault::answer(r#"{"result":"error","errorCode":"METHOD_NOT_SUPPORTED_ON_DEVICE"}"#)
            .for_command("openPath"),
    );
    let task = probe.begin("open path", json!({ "path": "/crm/deal/details/5/" })).await;
    probe.portal.close_sliders();
    eventually(|| async { (probe.portal.close_sliders() > 0 || probe.look(task).await.is_some()).then_some(()) }).await;
    let failure = probe.outcome(task).await.unwrap_err();
    assert!(failure.code == "FRAME_REFUSED" && failure.text.contains("METHOD_NOT_SUPPORTED_ON_DEVICE"), "{failure:?}");
    let evil = probe.fails("open path", json!({ "path": "//evil.example/" })).await;
    assert_eq!(evil.code, "INVALID_PARAMS");
    assert_eq!(probe.messages("openPath").len(), 4);
}

#[tokio::test]
async fn the_application_is_opened_in_a_slider_and_closes_itself() {
    let Some(probe) = Probe::connected(portal()).await else { return };
    let open = probe.begin("open app", json!({ "deal": "5" })).await;
    probe.told("openApplication").await;
    probe.browser.enter_parent_frame().await.unwrap();
    let slider = probe.browser.wait().for_element(Locator::Css(".slider iframe")).await.unwrap();
    slider.enter_frame().await.unwrap();
    probe.enter().await;
    let inner = probe.ok("connect", json!({})).await;
    assert_eq!(inner["placementOptions"]["deal"], "5", "{inner}");
    probe.profile().await;
    // With the slider goes the application in it, before it hears of anything.
    probe.begin("close", json!({})).await;
    probe.browser.enter_parent_frame().await.unwrap();
    probe.browser.enter_parent_frame().await.unwrap();
    probe.browser.find(Locator::Css("#app")).await.unwrap().enter_frame().await.unwrap();
    probe.outcome(open).await.unwrap();
    assert_eq!(probe.messages("getInitData").len(), 2);
}
