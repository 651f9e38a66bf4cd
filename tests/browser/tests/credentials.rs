//! Where credentials go in a browser.

#![cfg(all(target_arch = "wasm32", target_os = "unknown"))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::{
    future::{Ready, ready},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use b24::{Authenticator, B24, Error, ErrorKind, Grant, Secret, hook::Webhook};
use common::{Stub, get, hook, seen, set};
use js_sys::Reflect;
use serde_json::{Value, json};
use tracing::{Event, Level, Metadata, Subscriber, span};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// An application with one token.
#[derive(Clone)]
struct Token(Grant);

impl Authenticator for Token {
    type Future = Ready<Result<Grant, Error>>;

    fn authorize(&self) -> Self::Future {
        ready(Ok(self.0.clone()))
    }

    fn renew(&self, _: &Grant) -> Self::Future {
        self.authorize()
    }
}

fn with_token(portal: &str, token: &str) -> B24 {
    let portal: b24::PortalAddress = portal.parse().unwrap();
    B24::builder().authenticator(portal.clone(), Token(Grant::token(portal, "app.1", Secret::from(token), 0)))
}

async fn sent_body() -> String {
    JsFuture::from(seen().text().unwrap()).await.unwrap().as_string().unwrap()
}

#[wasm_bindgen_test]
async fn a_token_is_the_last_member_of_the_body_and_of_a_list_it_is_in_the_query() {
    let _stub = Stub::fetch("return Promise.resolve(new Response('{\"result\":{\"items\":[]}}'));");
    let b24 = with_token("https://p.bitrix24.com", "t0ken");
    b24.v2().call("crm.deal.get").params(json!({ "id": 1 })).send::<Value>().await.unwrap();
    assert_eq!(sent_body().await, r#"{"id":1,"auth":"t0ken"}"#);
    assert!(!seen().headers().has("authorization").unwrap() && !seen().url().contains("t0ken"));

    let _stub = Stub::fetch("return Promise.resolve(new Response('{\"result\":[{\"items\":[]}]}'));");
    assert!(b24.v3().batch().command("tasks.task.list").send().await.unwrap().all_done());
    assert!(seen().url().ends_with("&auth=t0ken") && !sent_body().await.contains("t0ken"));
}

#[wasm_bindgen_test]
async fn a_portal_permits_such_a_call_and_judges_the_token() {
    let portal = hook().split("/rest/").next().unwrap();
    let b24 = with_token(portal, "n0ne");
    let v2 = b24.v2().call("profile").send::<Value>().await.unwrap_err();
    let v3 = b24.v3().call("tasks.task.list").send::<Value>().await.unwrap_err();
    let list = b24.v3().batch().command("tasks.task.list").send().await.unwrap_err();
    for error in [v2, v3, list] {
        assert_eq!(
            (error.kind(), error.status().map(|status| status.as_u16())),
            (ErrorKind::Rest, Some(401)),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("n0ne"));
    }
}

/// Counts warnings.
struct Warnings(Arc<AtomicU32>);

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "b24::auth" && *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[wasm_bindgen_test]
fn a_webhook_in_a_browser_warns_each_time_and_does_not_say_its_secret() {
    set("warned", &"".into());
    let console = Reflect::get(&js_sys::global(), &"console".into()).unwrap();
    let stub = Stub::of(console, "warn", "text", "globalThis.warned += text + ' | ';");
    let count = Arc::<AtomicU32>::default();
    tracing::subscriber::with_default(Warnings(Arc::clone(&count)), || {
        B24::from_webhook_url("https://p.bitrix24.com/rest/1/s3cr3t/").unwrap();
        Webhook::new("https://p.bitrix24.com".parse().unwrap(), 1, Secret::from("s3cr3t")).unwrap();
        "https://p.bitrix24.com/rest/1/s3cr3t/".parse::<Webhook>().unwrap();
    });
    drop(stub);
    let warned = get("warned").as_string().unwrap();
    assert_eq!((warned.matches(" | ").count(), count.load(Ordering::Relaxed)), (3, 3), "{warned}");
    assert!(warned.contains("https://p.bitrix24.com") && !warned.contains("s3cr3t"), "{warned}");
}
