//! What errors say of a loss.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/shaky.rs"]
mod shaky;
mod support;
#[path = "support/watched.rs"]
mod watched;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use b24_auth_oauth::{
    MemoryStore, OAuth, StoreError, TokenKey, TokenRecord, TokenReply, TokenStore, store::StoreFuture,
};
use b24_core::{Authenticator, Error};
use serde_json::json;
use shaky::ShakyStore;
use support::{Clock, Server, Step, key, pair, params, params_of, refusal};
use watched::{SECOND, Watched, seventh, stale, stored, token};

// A renewal was cut off. Every refusal that follows has the same cause.
#[tokio::test(start_paused = true)]
async fn a_loss_is_told_for_as_long_as_it_lasts() {
    let clock = Clock::new();
    let store = ShakyStore::new(TokenRecord::new(stale()).renewing(clock.now()));
    let server =
        Server::new([Step::Answer(400, refusal("invalid_grant")), Step::Answer(400, refusal("invalid_grant"))]);
    let oauth = OAuth::builder(server.app(&clock)).store(store).open(key()).await.unwrap();
    assert!(oauth.authorize().await.unwrap_err().message().contains("was cut off"));
    clock.advance(31);
    let again = oauth.authorize().await.unwrap_err();
    assert!(again.message().contains("was cut off"), "{again}");
}

// A refusal that has nothing to do with the pair: the application is not paid for.
#[tokio::test(start_paused = true)]
async fn only_a_used_pair_is_called_used_up() {
    let clock = Clock::new();
    let store = ShakyStore::new(TokenRecord::new(stale()).renewing(clock.now()));
    let server = Server::new([Step::Answer(402, refusal("PAYMENT_REQUIRED"))]);
    let oauth = OAuth::builder(server.app(&clock)).store(store.clone()).open(key()).await.unwrap();
    let error = oauth.authorize().await.unwrap_err();
    assert!(!error.message().contains("has used this one up"), "{error}");
    assert!(stored(&store).await.renewing_since().is_some(), "whether the pair is lost is still not known");
}

// Nothing was sent: the server is one that is told no secret.
#[tokio::test(start_paused = true)]
async fn a_mark_is_left_only_by_what_may_have_used_the_pair() {
    let server = Server::new([]);
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let oauth = OAuth::builder(server.app(&Clock::new()))
        .refresh_with(|_| async { Err(Error::auth("VAULT_SEALED", "nothing was asked")) })
        .store(store.clone())
        .open(key())
        .await
        .unwrap();
    oauth.authorize().await.unwrap_err();
    assert!(stored(&store).await.renewing_since().is_none());
}

// The server has answered both times; nothing was lost.
#[tokio::test(start_paused = true)]
async fn an_answer_that_came_is_not_called_lost() {
    let server = Server::new([Step::Answer(429, String::new()), Step::Answer(400, refusal("invalid_grant"))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    let error = oauth.authorize().await.unwrap_err();
    assert!(!error.message().contains("got no answer"), "{error}");
}

// Calls `hear` with every new pair, after it is stored.
#[tokio::test(start_paused = true)]
async fn a_pair_that_was_stored_after_all_is_told_of() {
    let record = TokenRecord::new(stale());
    // Stores, and says it did not, until it is given up.
    let times = Arc::new(AtomicUsize::new(0));
    let store = Liar { inner: MemoryStore::new().with(key(), record), times: Arc::clone(&times) };
    let server = Server::new([Step::Answer(200, pair(2))]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    let oauth = OAuth::builder(server.app(&Clock::new()))
        .on_renewal(move |params| {
            ear.lock().unwrap().push(params.refresh_token().expose().to_owned());
            std::future::ready(())
        })
        .store(store)
        .open(key())
        .await
        .unwrap();
    oauth.authorize().await.unwrap_err();
    times.store(usize::MAX / 2, Ordering::SeqCst);
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
    assert_eq!(*heard.lock().unwrap(), ["r3fresh-2"]);
}

/// Its first save of a new pair is done; the answers to it and to what follows are lost.
#[derive(Clone, Debug)]
struct Liar {
    inner: MemoryStore,
    times: Arc<AtomicUsize>,
}

impl TokenStore for Liar {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        self.inner.load(key)
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        let fails = expected != Some(record.generation()) && self.times.fetch_add(1, Ordering::SeqCst) < 6;
        Box::pin(async move {
            let outcome = self.inner.save(key, record, expected).await;
            if fails { Err(StoreError::failed("the connection broke")) } else { outcome }
        })
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        self.inner.delete(key)
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_has_a_code() {
    let server = Server::new([Step::Answer(400, r#"{"error":{}}"#.to_owned())]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    assert_ne!(oauth.authorize().await.unwrap_err().code(), "");
}

#[tokio::test(start_paused = true)]
async fn a_reply_s_own_renewal_is_not_lost_with_its_number() {
    // Written as JavaScript writes a whole number that went through a division.
    let reply = TokenReply::from_json(pair(2).replace("3600", "3600.0").as_bytes()).unwrap();
    let reply = Arc::new(Mutex::new(Some(reply)));
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).refresh_with(move |_| {
        let reply = reply.lock().unwrap().take();
        async move { reply.ok_or_else(|| Error::auth("X", "twice")) }
    });
    let oauth = oauth.start(stale()).unwrap();
    oauth.authorize().await.unwrap();
    assert!(oauth.params().await.unwrap().expires().is_some());
}

// "Longer than a renewal of another process can take": three sends of `with_timeout`, six saves of 15 s, and two more.
#[tokio::test(start_paused = true)]
async fn who_waits_for_the_lock_waits_as_long_as_a_renewal_can_take() {
    let server = Server::new([Step::Silent, Step::Silent, Step::Answer(200, pair(2))]);
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let app = server.app(&Clock::new()).with_timeout(Duration::from_secs(75));
    let open = || OAuth::builder(app.clone()).store(store.clone()).open(key());
    let (one, two) = (open().await.unwrap(), open().await.unwrap());
    let (first, second) = tokio::join!(one.authorize(), two.authorize());
    assert_eq!(first.as_ref().map(token).map_err(Error::code), Ok("acc3ss-2"));
    assert_eq!(second.as_ref().map(token).map_err(Error::code), Ok("acc3ss-2"));
}

// Two installations at once: the one that is stored last is the one in use.
#[tokio::test(start_paused = true)]
async fn the_installation_that_is_stored_is_the_one_in_use() {
    let saves = Arc::new(AtomicUsize::new(0));
    let store = Watched::new(TokenRecord::new(params())).after_save(move || {
        // The answer to the first save is slow.
        let wait = if saves.fetch_add(1, Ordering::SeqCst) == 0 { SECOND * 2 } else { Duration::ZERO };
        tokio::time::sleep(wait)
    });
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let other = oauth.clone();
    let first = tokio::spawn(async move { other.install(seventh()).await });
    tokio::time::sleep(SECOND).await;
    oauth.install(params_of(&json!({ "accessToken": "acc3ss-8", "refreshToken": "r3fresh-8" }))).await.unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(stored(&store).await.params().access_token().expose(), "acc3ss-8");
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-8");
}
