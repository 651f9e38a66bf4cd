//! Second review, more.
#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::panic, missing_docs, clippy::disallowed_methods)]
#[path = "support/shaky.rs"]
mod shaky;
mod support;
use std::{sync::Arc, time::Duration};
use b24_auth_oauth::{MemoryStore, OAuth, OAuthParams, Tenants, TokenRecord, TokenStore};
use b24_core::{Authenticator, Grant};
use serde_json::json;
use shaky::ShakyStore;
use support::{Clock, NOW, Server, Step, key, pair, params, params_of};
fn token(grant: &Grant) -> &str { grant.credential().secret().expose() }
fn numbered(n: u32) -> OAuthParams {
    params_of(&json!({ "accessToken": format!("acc3ss-{n}"), "refreshToken": format!("r3fresh-{n}") }))
}

// publish_newer looks and publishes in two steps.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn s13_two_installations_on_two_threads() {
    let store = MemoryStore::new().with(key(), TokenRecord::new(params()));
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let mut wrong = 0;
    for n in 0..20_000_u32 {
        let tasks: Vec<_> = (0..3).map(|k| { let oauth = oauth.clone(); let p = numbered(10 + 3 * n + k); tokio::spawn(async move { oauth.install(p).await.unwrap() }) }).collect();
        for task in tasks { task.await.unwrap(); }
        let kept = store.load(&key()).await.unwrap().unwrap();
        let used = oauth.authorize().await.unwrap();
        if token(&used) != kept.params().access_token().expose() { wrong += 1; }
    }
    assert_eq!(wrong, 0);
}

// "When the store fails: then nothing is replaced."
#[tokio::test(start_paused = true)]
async fn s14_an_installation_that_was_stored_is_not_called_failed() {
    let mut store = ShakyStore::new(TokenRecord::new(params()));
    store.does_it = true;
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    store.fail(1);
    let outcome = oauth.install(numbered(7)).await;
    let kept = store.load(&key()).await.unwrap().unwrap();
    let used = oauth.authorize().await.unwrap();
    assert_eq!((outcome.is_ok(), token(&used)), (kept.params().access_token().expose() == "acc3ss-7", kept.params().access_token().expose()));
}

// The guide's handler: verify, then install. The sender is any user of the portal, with the access token of their own browser.
#[tokio::test(start_paused = true)]
async fn s15_a_user_s_forged_event_does_not_replace_the_application_s_tokens() {
    let info = json!({"result": {"client_id": "app.1", "user_id": 5, "install": {"installed": true, "status": "L", "member_id": "m1",
        "client_endpoint": "https://p.bitrix24.com/rest/"}}}).to_string();
    let server = Server::new([Step::Answer(200, info)]);
    let app = server.app(&Clock::new());
    let store = MemoryStore::new().with(key(), TokenRecord::new(params_of(&json!({"applicationToken": "g00d", "userId": 1}))));
    let tenants = Tenants::new(app.clone(), store.clone(), |oauth: OAuth| oauth);
    let body = "event=ONAPPINSTALL&auth%5Baccess_token%5D=acc3ss-user5&auth%5Brefresh_token%5D=rubbish&auth%5Bmember_id%5D=m1\
        &auth%5Bexpires_in%5D=3600&auth%5Bclient_endpoint%5D=https%3A%2F%2Fp.bitrix24.com%2Frest%2F&auth%5Bapplication_token%5D=evil";
    let event = OAuthParams::from_install_event(body.as_bytes(), std::time::UNIX_EPOCH + Duration::from_secs(NOW)).unwrap();
    let params = app.verify(event).await.unwrap();
    let _ = tenants.install(&key(), params).await;
    let kept = store.load(&key()).await.unwrap().unwrap();
    assert_eq!((kept.params().refresh_token().expose(), kept.params().application_token().unwrap().expose()), ("r3fresh-1", "g00d"));
}

// A reply with a byte order mark, as PHP files saved by an editor send them.
#[tokio::test(start_paused = true)]
async fn s16_a_byte_order_mark_costs_no_pair() {
    let server = Server::new((0..3).map(|_| Step::Answer(200, format!("\u{feff}{}", pair(2)))));
    let oauth = OAuth::new(server.app(&Clock::new()), params_of(&json!({ "expires": NOW - 10 }))).unwrap();
    assert_eq!(oauth.authorize().await.map(|grant| token(&grant).to_owned()).map_err(|error| error.to_string()), Ok("acc3ss-2".to_owned()));
    let _ = Arc::new(());
}
