//! What becomes of a new pair when the store fails, and of one that was cut off.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/shaky.rs"]
mod shaky;
mod support;

use b24_auth_oauth::{OAuth, TokenRecord, TokenStore};
use b24_core::Authenticator;
use serde_json::json;
use shaky::ShakyStore;
use support::{Clock, NOW, Server, Step, key, pair, params_of, refusal};

fn stale() -> TokenRecord {
    TokenRecord::new(params_of(&json!({ "expires": NOW - 10 })))
}

async fn open(server: &Server, store: &ShakyStore) -> OAuth {
    OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap()
}

async fn stored(store: &ShakyStore) -> TokenRecord {
    store.load(&key()).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_for_a_moment_is_tried_again() {
    for does_it in [false, true] {
        let server = Server::new([Step::Answer(200, pair(2))]);
        let store = ShakyStore { does_it, ..ShakyStore::new(stale()) };
        store.fail(3);
        let oauth = open(&server, &store).await;
        assert_eq!(oauth.authorize().await.unwrap().credential().secret().expose(), "acc3ss-2");
        assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-2");
    }
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_cannot_be_stored_is_kept_and_not_used() {
    let server = Server::new([Step::Answer(200, pair(2))]);
    let store = ShakyStore::new(stale());
    store.fail(8);
    let oauth = open(&server, &store).await;
    let error = oauth.authorize().await.unwrap_err();
    assert_eq!(error.code(), "TOKEN_STORE_FAILED");
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-1");
    // The old pair is worth nothing any more: it is not exchanged again, the new one is stored.
    assert_eq!(oauth.authorize().await.unwrap().credential().secret().expose(), "acc3ss-2");
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-2");
    assert_eq!(server.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_pair_is_marked_while_it_is_renewed() {
    let server = Server::new([Step::Silent]);
    let store = ShakyStore::new(stale());
    let oauth = open(&server, &store).await;
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), oauth.authorize()).await;
    let marked = stored(&store).await;
    assert!(marked.renewing_since().is_some());
    assert_eq!(marked.params().refresh_token().expose(), "r3fresh-1");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_cut_off_is_named_when_the_pair_is_refused() {
    let store = ShakyStore::new(stale().renewing(Clock::new().now()));
    let server = Server::new([Step::Answer(400, refusal("invalid_grant"))]);
    let error = open(&server, &store).await.authorize().await.unwrap_err();
    assert_eq!(error.code(), "invalid_grant");
    assert!(error.message().contains("was cut off"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_mark_without_a_loss_goes_with_the_next_pair_or_the_next_refusal() {
    let store = ShakyStore::new(stale().renewing(Clock::new().now()));
    let server = Server::new([Step::Answer(200, pair(2))]);
    open(&server, &store).await.authorize().await.unwrap();
    assert!(stored(&store).await.renewing_since().is_none());

    let store = ShakyStore::new(stale());
    let server = Server::new([Step::Answer(401, refusal("NOT_INSTALLED"))]);
    let error = open(&server, &store).await.authorize().await.unwrap_err();
    assert!(!error.message().contains("was cut off"), "{error}");
    assert!(stored(&store).await.renewing_since().is_none());
}

#[tokio::test(start_paused = true)]
async fn who_lost_the_race_without_a_lock_takes_the_winner_s_pair() {
    // The refresh token has been used by one that did not wait: its pair is in the store when the refusal comes.
    let store = ShakyStore::new(stale());
    let wait = std::time::Duration::from_secs(1);
    let server = Server::new([Step::Later(wait, 400, refusal("invalid_grant"))]);
    let oauth = open(&server, &store).await;
    let waiting = tokio::spawn(oauth.authorize());
    tokio::time::sleep(wait / 2).await;
    let loser = stored(&store).await;
    let winner = loser.next(params_of(&json!({ "accessToken": "acc3ss-5" })));
    store.save(&key(), &winner, Some(loser.generation())).await.unwrap();
    let grant = waiting.await.unwrap().unwrap();
    assert_eq!(grant.credential().secret().expose(), "acc3ss-5");
}

#[tokio::test(start_paused = true)]
async fn an_installation_during_a_renewal_stands() {
    let store = ShakyStore::new(stale());
    let wait = std::time::Duration::from_secs(1);
    let server = Server::new([Step::Later(wait, 200, pair(2))]);
    let oauth = open(&server, &store).await;
    let waiting = tokio::spawn(oauth.authorize());
    tokio::time::sleep(wait / 2).await;
    oauth.install(params_of(&json!({ "accessToken": "acc3ss-7", "refreshToken": "r3fresh-7" }))).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().credential().secret().expose(), "acc3ss-7");
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-7");
}

#[tokio::test(start_paused = true)]
async fn tokens_that_are_gone_are_missed_by_name() {
    let server = Server::new([]);
    let store = ShakyStore::new(stale());
    let oauth = open(&server, &store).await;
    assert!(store.delete(&key()).await.unwrap());
    assert_eq!(oauth.authorize().await.unwrap_err().code(), "TOKENS_MISSING");
    let again = OAuth::builder(server.app(&Clock::new())).store(store).open(key()).await;
    assert_eq!(again.unwrap_err().code(), "TOKENS_MISSING");
}
