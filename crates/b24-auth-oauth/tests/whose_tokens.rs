//! Whose tokens they are, and that what is said of them tells no secret.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;
#[path = "support/watched.rs"]
mod watched;

use b24_auth_oauth::{
    MemoryStore, OAuth, OAuthApp, OAuthSecret, StoreError, Tenants, TokenKey, TokenRecord, TokenStore,
    store::StoreFuture,
};
use b24_core::{Authenticator, Error};
use serde_json::json;
use support::{Clock, Server, Step, key, pair, params, params_of};
use watched::stale;

// The server vouches for no portal (`"install": []`); the browser's member_id and address are taken for verified.
#[tokio::test(start_paused = true)]
async fn verify_takes_nobody_s_word_for_the_portal() {
    let answer = json!({ "result": { "client_id": "app.1", "user_id": 1, "scope": "crm", "install": [] } }).to_string();
    let server = Server::new([Step::Answer(200, answer)]);
    let forged = params_of(&json!({ "memberId": "victim", "clientEndpoint": "https://evil.example.com/rest/" }));
    let verified = server.app(&Clock::new()).verify(forged).await;
    assert!(verified.is_err(), "{:?}", verified.unwrap());
}

#[tokio::test(start_paused = true)]
async fn tokens_of_one_user_are_not_kept_for_another() {
    let server = Server::new([]);
    let tenants = Tenants::new(server.app(&Clock::new()), MemoryStore::new(), |oauth: OAuth| oauth);
    let of_user_8 = params_of(&json!({ "userId": 8 }));
    assert!(tenants.install(&key().with_user(7), of_user_8).await.is_err());
}

// "A portal on this machine, by the word of a stranger."
#[test]
fn every_spelling_of_this_machine_is_this_machine() {
    let server = Server::new([]);
    let open: Vec<_> = [
        "https://127.0.0.1/rest/",
        "https://localhost./rest/",
        "https://127.0.0.1./rest/",
        "https://127.1/rest/",
        "https://2130706433/rest/",
        "https://0x7f000001/rest/",
        "https://0177.0.0.1/rest/",
        "https://0.0.0.0/rest/",
        "https://0/rest/",
        "https://[::]/rest/",
        "https://[::ffff:127.0.0.1]/rest/",
        "https://foo.localhost/rest/",
    ]
    .into_iter()
    .filter(|portal| {
        let mut stored: serde_json::Value = serde_json::from_str(params().to_json().expose()).unwrap();
        stored["clientEndpoint"] = (*portal).into();
        let tokens = b24_auth_oauth::OAuthParams::from_json(stored.to_string().as_bytes());
        tokens.and_then(|tokens| OAuth::new(server.app(&Clock::new()), tokens)).is_ok()
    })
    .collect();
    assert_eq!(open, [""; 0]);
}

fn every_word(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {}", error.code());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

// An HTTP client that shows the body it could not send. The secret stands there as a form writes it.
#[tokio::test(start_paused = true)]
async fn a_secret_is_found_in_the_spelling_of_a_form() {
    let client = tower::service_fn(|request: http::Request<bytes::Bytes>| async move {
        let body = String::from_utf8(request.into_body().to_vec()).unwrap();
        Err::<http::Response<http_body_util::Full<bytes::Bytes>>, _>(std::io::Error::other(format!("POST {body}")))
    });
    let app = OAuthApp::new(OAuthSecret::new("app.1", "S3cr3tPart+/=").unwrap(), client);
    let oauth = OAuth::new(app, params_of(&json!({ "expires": 10 }))).unwrap();
    let shown = every_word(&oauth.authorize().await.unwrap_err());
    assert!(!shown.contains("r3fresh-1"), "{shown}");
    assert!(!shown.contains("S3cr3tPart"), "{shown}");
}

// A renewal of the program's own, whose HTTP client shows what it sent.
#[tokio::test(start_paused = true)]
async fn the_old_pair_is_taken_out_of_the_program_s_own_errors() {
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).refresh_with(|old| async move {
        let source = std::io::Error::other(format!("GET https://vault/renew?token={}", old.refresh_token().expose()));
        Err(Error::auth("VAULT_SEALED", "the vault is sealed").with_source(source))
    });
    let shown = every_word(&oauth.start(stale()).unwrap().authorize().await.unwrap_err());
    assert!(!shown.contains("r3fresh-1"), "{shown}");
}

// A store whose errors show the statement that failed.
#[tokio::test(start_paused = true)]
async fn the_new_pair_is_taken_out_of_a_store_s_errors() {
    #[derive(Debug)]
    struct Talkative(MemoryStore);
    impl TokenStore for Talkative {
        fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
            self.0.load(key)
        }
        fn save<'a>(
            &'a self,
            key: &'a TokenKey,
            record: &'a TokenRecord,
            expected: Option<u64>,
        ) -> StoreFuture<'a, ()> {
            if expected == Some(record.generation()) {
                return self.0.save(key, record, expected);
            }
            let text = format!("UPDATE tokens SET record = '{}'", record.to_json().expose());
            Box::pin(std::future::ready(Err(StoreError::failed(text))))
        }
        fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
            self.0.delete(key)
        }
    }
    let server = Server::new([Step::Answer(200, pair(2))]);
    let store = Talkative(MemoryStore::new().with(key(), TokenRecord::new(stale())));
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store).open(key()).await.unwrap();
    let shown = every_word(&oauth.authorize().await.unwrap_err());
    assert!(!shown.contains("r3fresh-2") && !shown.contains("acc3ss-2"), "{shown}");
}
