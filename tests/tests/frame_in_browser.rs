//! An application in the portal's frame, in headless Chromium, end to end.
//!
//! They need a browser and the built application: `cargo xtask wasm` has both, and elsewhere they say that they are
//! skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use b24_portal::{Limits, Portal};
use fantoccini::Locator;

use crate::browser::Browser;

#[path = "support/browser.rs"]
mod browser;

#[tokio::test]
async fn the_browser_reaches_the_portal() {
    let Some(browser) = Browser::start().await else { return };
    let portal = Portal::builder().limits(Limits::off()).start().await.unwrap();
    browser.goto(&format!("{}profile", portal.hook_url())).await.unwrap();
    let page = browser.find(Locator::Css("body")).await.unwrap().text().await.unwrap();
    assert!(page.contains("\"result\""), "{page}");
}

#[tokio::test]
async fn no_name_but_localhost_is_looked_up() {
    let Some(browser) = Browser::start().await else { return };
    let error = browser.goto("http://portal.example/").await.unwrap_err();
    assert!(error.to_string().contains("ERR_NAME_NOT_RESOLVED"), "{error}");
}

#[tokio::test]
async fn the_application_was_built_for_these_tests() {
    let Some(_browser) = Browser::start().await else { return };
    let app = browser::frame_app();
    for file in ["index.html", "frame-app.js", "frame-app_bg.wasm"] {
        assert!(app.join(file).is_file(), "{file} is missing in {}", app.display());
    }
}
