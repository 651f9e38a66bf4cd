//! Installations and renewals that meet, and failures at bad moments.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/shaky.rs"]
mod shaky;
mod support;
#[path = "support/watched.rs"]
mod watched;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use b24_auth_oauth::{MemoryStore, OAuth, RenewalLock, TokenKey, TokenRecord, TokenStore, store::StoreFuture};
use b24_core::Authenticator;
use serde_json::json;
use shaky::ShakyStore;
use support::{Clock, Server, Step, key, pair, params, params_of, refusal};
use watched::{Watched, stale, stored, token};

fn numbered(n: u32) -> b24_auth_oauth::OAuthParams {
    params_of(&json!({ "accessToken": format!("acc3ss-{n}"), "refreshToken": format!("r3fresh-{n}") }))
}

// A renewal reads, an installation is stored and used, and then the renewal uses what it has read.
#[tokio::test(start_paused = true)]
async fn what_was_read_before_an_installation_is_not_published_over_it() {
    let first = TokenRecord::new(stale());
    // The answer of the next load is slow; meanwhile the application is installed anew.
    let installing = Arc::new(Mutex::new(None::<OAuth>));
    let next = Arc::clone(&installing);
    let store = Watched::new(first.clone()).after_load(move || {
        let handle = next.lock().unwrap().take();
        async move {
            if let Some(handle) = handle {
                handle.install(numbered(7)).await.unwrap();
            }
        }
    });
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    // Another process renews.
    store.inner.save(&key(), &first.next(numbered(2)), Some(first.generation())).await.unwrap();
    *installing.lock().unwrap() = Some(oauth.clone());
    oauth.authorize().await.unwrap();
    assert_eq!(stored(&store).await.params().access_token().expose(), "acc3ss-7");
    assert_eq!(
        token(&oauth.authorize().await.unwrap()),
        "acc3ss-7",
        "the installation is stored, older tokens are in use"
    );
}

// Another process had renewed an hour ago, and the portal has ended both tokens: nothing was renewed here.
#[tokio::test(start_paused = true)]
async fn a_pair_taken_over_from_the_store_and_refused_is_renewed() {
    let first = TokenRecord::new(params());
    let store = MemoryStore::new().with(key(), first.clone());
    let server = Server::new([Step::Answer(200, pair(3))]);
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let one = oauth.authorize().await.unwrap();
    store.save(&key(), &first.next(numbered(2)), Some(first.generation())).await.unwrap();
    let two = oauth.renew(&one).await.unwrap();
    assert_eq!(token(&two), "acc3ss-2");
    // What the layer does when the portal refuses that too.
    oauth.refused_again(&two);
    // The next call: refused with the same token.
    let next = oauth.authorize().await.unwrap();
    let three = oauth.renew(&next).await.unwrap();
    assert_eq!((token(&three), server.asked()), ("acc3ss-3", 1), "a renewal heals it and is not done");
}

// A refusal that comes in late; the pair in use is an hour old.
#[tokio::test(start_paused = true)]
async fn a_late_refusal_does_not_make_a_renewal_of_an_old_pair_futile() {
    let clock = Clock::new();
    let server = Server::new([Step::Answer(200, pair(2)), Step::Answer(200, pair(3))]);
    let oauth = OAuth::new(server.app(&clock), params()).unwrap();
    let one = oauth.authorize().await.unwrap();
    clock.advance(3590);
    oauth.authorize().await.unwrap();
    clock.advance(3000);
    let two = oauth.renew(&one).await.unwrap();
    oauth.refused_again(&two);
    let three = oauth.renew(&two).await.unwrap();
    assert_eq!(token(&three), "acc3ss-3");
}

// The last number that is taken for a record has no next one.
#[tokio::test(start_paused = true)]
async fn the_largest_generation_that_is_read_can_be_renewed() {
    let text = json!({ "params": serde_json::from_str::<serde_json::Value>(stale().to_json().expose()).unwrap(), "generation": (1_u64 << 53) - 1 });
    let last = TokenRecord::from_json(text.to_string().as_bytes()).unwrap();
    let next = last.next(params());
    assert!(next.generation() < last.generation());
    assert!(TokenRecord::from_json(next.to_json().expose().as_bytes()).is_ok());
}

// The first answer was lost, the second send refused: the pair is used up.
#[tokio::test(start_paused = true)]
async fn a_loss_by_a_lost_answer_is_told_for_as_long_as_it_lasts() {
    let clock = Clock::new();
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let server = Server::new([
        Step::Lost,
        Step::Answer(400, refusal("invalid_grant")),
        Step::Answer(400, refusal("invalid_grant")),
    ]);
    let oauth = OAuth::builder(server.app(&clock)).store(store.clone()).open(key()).await.unwrap();
    let first = oauth.authorize().await.unwrap_err();
    assert!(first.message().contains("may have used it up"), "{first}");
    clock.advance(31);
    let again = oauth.authorize().await.unwrap_err();
    assert!(again.message().contains("used"), "{again}; mark: {:?}", stored(&store).await.renewing_since());
}

// A store panics once, and nobody calls again.
#[tokio::test(start_paused = true)]
async fn a_pair_whose_store_panicked_has_a_keeper() {
    #[derive(Clone, Debug)]
    struct Panics(MemoryStore, Arc<AtomicBool>);
    impl TokenStore for Panics {
        fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
            self.0.load(key)
        }
        fn save<'a>(
            &'a self,
            key: &'a TokenKey,
            record: &'a TokenRecord,
            expected: Option<u64>,
        ) -> StoreFuture<'a, ()> {
            if expected != Some(record.generation()) && !self.1.swap(true, Ordering::SeqCst) {
                panic!("once")
            }
            self.0.save(key, record, expected)
        }
        fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
            self.0.delete(key)
        }
        fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
            self.0.lock(key)
        }
    }
    let store = Panics(MemoryStore::new().with(key(), TokenRecord::new(stale())), Arc::default());
    let server = Server::new([Step::Answer(200, pair(2))]);
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let _ = oauth.authorize().await;
    drop(oauth);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_installations_at_once_the_stored_one_is_in_use() {
    let store = MemoryStore::new().with(key(), TokenRecord::new(params()));
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let mut wrong = 0;
    for n in 0..2_000_u32 {
        let tasks: Vec<_> = (0..3)
            .map(|k| {
                let oauth = oauth.clone();
                let p = numbered(10 + 3 * n + k);
                tokio::spawn(async move { oauth.install(p).await.unwrap() })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let kept = store.load(&key()).await.unwrap().unwrap();
        let used = oauth.authorize().await.unwrap();
        if token(&used) != kept.params().access_token().expose() {
            wrong += 1;
        }
    }
    assert_eq!(wrong, 0);
}

// The store has saved, and says that it failed.
#[tokio::test(start_paused = true)]
async fn an_installation_that_was_stored_is_not_called_failed() {
    let mut store = ShakyStore::new(TokenRecord::new(params()));
    store.does_it = true;
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    store.fail(1);
    let outcome = oauth.install(numbered(7)).await;
    let kept = store.load(&key()).await.unwrap().unwrap();
    let used = oauth.authorize().await.unwrap();
    assert_eq!(
        (outcome.is_ok(), token(&used)),
        (kept.params().access_token().expose() == "acc3ss-7", kept.params().access_token().expose())
    );
}

// What any user of a portal can post passes `verify`; only the installation's own token tells it from the portal's word.
#[test]
fn the_same_installation_is_proved_by_its_token_alone() {
    let with = |token: &str| params_of(&json!({ "applicationToken": token }));
    assert!(with("g00d").is_same_installation(&with("g00d")));
    for (given, known) in
        [(with("evil"), with("g00d")), (params(), with("g00d")), (with("g00d"), params()), (params(), params())]
    {
        assert!(!given.is_same_installation(&known));
    }
}

// A reply with a byte order mark, as PHP files saved by an editor send them.
#[tokio::test(start_paused = true)]
async fn a_byte_order_mark_costs_no_pair() {
    let server = Server::new((0..3).map(|_| Step::Answer(200, format!("\u{feff}{}", pair(2)))));
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    assert_eq!(
        oauth.authorize().await.map(|grant| token(&grant).to_owned()).map_err(|error| error.to_string()),
        Ok("acc3ss-2".to_owned())
    );
    let _ = Arc::new(());
}
