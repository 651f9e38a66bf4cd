//! What the other tests rely on.

use b24_portal::{Limits, Portal};
use fantoccini::Locator;

use crate::browser::{self, Browser};

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
async fn the_applications_were_built_for_these_tests() {
    let Some(_browser) = Browser::start().await else { return };
    for (app, name) in [(browser::frame_app(), "frame-app"), (browser::frame_probe(), "frame-probe")] {
        for file in ["index.html".to_owned(), format!("{name}.js"), format!("{name}_bg.wasm")] {
            assert!(app.join(&file).is_file(), "{file} is missing in {}", app.display());
        }
    }
}
