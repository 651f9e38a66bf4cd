//! `examples/frame-app`, as its user sees it.

use std::time::Duration;

use b24::B24;
use b24_portal::{Portal, PortalBuilder};
use fantoccini::{Locator, elements::Element};
use serde_json::Value;

use crate::{
    browser::{self, Browser},
    probe::{eventually, portal},
};

/// The portal's page with the application in it.
async fn open(portal: PortalBuilder) -> Option<(Browser, Portal)> {
    let browser = Browser::start().await?;
    let portal = portal.frame_app(browser::frame_app()).start().await.unwrap();
    browser.goto(&portal.frame_url().unwrap()).await.unwrap();
    Some((browser, portal))
}

/// Looks at the application, when it has come so far.
async fn enter(browser: &Browser, state: &str) {
    let found = eventually(|| async {
        // A page that is loaded anew takes the frame with it.
        browser.switch_to_window(browser.window().await.ok()?).await.ok()?;
        browser.find(Locator::Css("#app")).await.ok()?.enter_frame().await.ok()?;
        let body = browser.find(Locator::Css("body")).await.ok()?;
        (body.attr("data-state").await.ok()?.as_deref() == Some(state)).then_some(())
    });
    found.await;
}

async fn find(browser: &Browser, selector: &str) -> Element {
    browser.wait().at_most(Duration::from_secs(60)).for_element(Locator::Css(selector)).await.unwrap()
}

async fn text(browser: &Browser, selector: &str) -> String {
    find(browser, selector).await.prop("textContent").await.unwrap().unwrap_or_default()
}

async fn progress(browser: &Browser) -> (Option<String>, Option<String>) {
    let bar = find(browser, "#progress").await;
    (bar.attr("value").await.unwrap(), bar.attr("max").await.unwrap())
}

fn commands(portal: &Portal) -> Vec<String> {
    portal.frame_messages().into_iter().map(|message| message.command).collect()
}

#[tokio::test]
async fn it_greets_the_user_and_lists_all_deals() {
    let Some((browser, portal)) = open(portal().rows(120)).await else { return };
    enter(&browser, "done").await;
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    let user: Value = b24.v2().call("profile").send().await.unwrap().result;
    let name = format!("{} {}", user["NAME"].as_str().unwrap(), user["LAST_NAME"].as_str().unwrap());
    assert_eq!(text(&browser, "#user").await, name);
    assert_eq!(text(&browser, "#portal").await, "127.0.0.1");
    assert_eq!(text(&browser, "#trouble").await, "");
    assert_eq!(progress(&browser).await, (Some("120".into()), Some("120".into())));
    assert_eq!(text(&browser, "#count").await, "120 of 120");
    assert_eq!(browser.find_all(Locator::Css("#deals tr")).await.unwrap().len(), 120);
    assert_eq!(commands(&portal)[0], "getInitData");
    assert_eq!(commands(&portal).iter().filter(|command| *command == "getInitData").count(), 1);
    // The page around it has its title and the size of what is in it.
    eventually(|| async { commands(&portal).iter().any(|command| command == "resizeWindow").then_some(()) }).await;
    let fits = "return document.documentElement.scrollHeight <= window.innerHeight";
    eventually(|| async { (browser.execute(fits, Vec::new()).await.unwrap() == true).then_some(()) }).await;
    browser.enter_parent_frame().await.unwrap();
    assert_eq!(browser.title().await.unwrap(), "Deals in Rust");
}

#[tokio::test]
async fn a_deal_is_opened_in_a_slider_and_its_end_is_noticed() {
    let Some((browser, portal)) = open(portal().rows(3)).await else { return };
    enter(&browser, "done").await;
    find(&browser, "[data-deal='2']").await.click().await.unwrap();
    browser.enter_parent_frame().await.unwrap();
    let path = find(&browser, ".slider").await.attr("data-path").await.unwrap().unwrap();
    assert!(path.contains("/crm/deal/details/2/"), "{path}");
    find(&browser, ".slider-close").await.click().await.unwrap();
    find(&browser, "#app").await.enter_frame().await.unwrap();
    eventually(|| async { (text(&browser, "#closed").await == "2").then_some(()) }).await;
    assert_eq!(text(&browser, "#trouble").await, "");
    assert_eq!(portal.close_sliders(), 0);
}

#[tokio::test]
async fn it_says_when_it_is_opened_outside_of_a_portal() {
    let Some(browser) = Browser::start().await else { return };
    let portal = portal().frame_app(browser::frame_app()).start().await.unwrap();
    browser.goto(portal.frame_app_url().unwrap()).await.unwrap();
    find(&browser, "body[data-state=failed]").await;
    let trouble = text(&browser, "#trouble").await;
    assert!(trouble.contains("does not run in a portal's frame"), "{trouble}");
    assert_eq!(portal.requests().len() + portal.frame_messages().len(), 0);
}

#[tokio::test]
async fn it_finishes_its_installation() {
    let Some((browser, portal)) = open(portal().frame_install()).await else { return };
    eventually(|| async { commands(&portal).iter().any(|command| command == "setInstallFinish").then_some(()) }).await;
    // The page opens it anew, and then it does what it is for.
    let address = || async { browser.current_url().await.ok()?.query()?.contains("install_finished=Y").then_some(()) };
    eventually(address).await;
    enter(&browser, "done").await;
    find(&browser, "#deals tr").await;
    assert_eq!(text(&browser, "#count").await, "60 of 60");
    let finishes = commands(&portal).into_iter().filter(|command| command == "setInstallFinish");
    assert_eq!(finishes.count(), 1);
}

#[tokio::test]
async fn it_goes_on_when_its_token_ends() {
    let slow = portal().rows(120).latency(Duration::from_millis(400));
    let Some((browser, portal)) = open(slow).await else { return };
    // It has some more to ask for.
    eventually(|| async { portal.requests().iter().any(|request| request.method == "profile").then_some(()) }).await;
    portal.expire_access_tokens();
    enter(&browser, "done").await;
    assert_eq!(text(&browser, "#count").await, "120 of 120");
    assert_eq!(commands(&portal).iter().filter(|command| *command == "refreshAuth").count(), 1);
}
