//! Failing tests of an adversarial review. Each one fails on the commit it was written for.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "a test may panic")]

#[path = "support/shaky.rs"]
mod shaky;
mod support;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use b24_auth_oauth::{
    MemoryStore, OAuth, OAuthApp, OAuthSecret, RenewalLock, StoreError, Tenants, TokenKey, TokenRecord, TokenReply,
    TokenStore, store::StoreFuture,
};
use b24_core::{Authenticator, Error, Grant};
use serde_json::json;
use shaky::ShakyStore;
use support::{Clock, NOW, Server, Step, key, pair, params, params_of, refusal};

const SECOND: Duration = Duration::from_secs(1);

fn token(grant: &Grant) -> &str {
    grant.credential().secret().expose()
}

fn stale() -> b24_auth_oauth::OAuthParams {
    params_of(&json!({ "expires": NOW - 10 }))
}

fn seventh() -> b24_auth_oauth::OAuthParams {
    params_of(&json!({ "accessToken": "acc3ss-7", "refreshToken": "r3fresh-7" }))
}

async fn stored(store: &impl TokenStore) -> TokenRecord {
    store.load(&key()).await.unwrap().unwrap()
}

type Before =
    Arc<dyn Fn(MemoryStore, TokenRecord, Option<u64>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;
type After = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A memory store; something happens before each save, after each save, and after each load has read.
#[derive(Clone)]
struct Watched {
    inner: MemoryStore,
    before_save: Option<Before>,
    after_save: Option<After>,
    after_load: Option<After>,
    locks: bool,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl Watched {
    fn new(record: TokenRecord) -> Self {
        let inner = MemoryStore::new().with(key(), record);
        Self { inner, before_save: None, after_save: None, after_load: None, locks: true }
    }

    fn before_save<F, R>(mut self, before: F) -> Self
    where
        F: Fn(MemoryStore, TokenRecord, Option<u64>) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.before_save = Some(Arc::new(move |store, record, expected| Box::pin(before(store, record, expected))));
        self
    }

    fn after_save<R: Future<Output = ()> + Send + 'static>(
        mut self,
        after: impl Fn() -> R + Send + Sync + 'static,
    ) -> Self {
        self.after_save = Some(Arc::new(move || Box::pin(after())));
        self
    }

    fn after_load<R: Future<Output = ()> + Send + 'static>(
        mut self,
        after: impl Fn() -> R + Send + Sync + 'static,
    ) -> Self {
        self.after_load = Some(Arc::new(move || Box::pin(after())));
        self
    }
}

impl TokenStore for Watched {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        Box::pin(async move {
            let found = self.inner.load(key).await;
            if let Some(after) = &self.after_load {
                after().await;
            }
            found
        })
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if let Some(before) = &self.before_save {
                before(self.inner.clone(), record.clone(), expected).await;
            }
            let outcome = self.inner.save(key, record, expected).await;
            if let Some(after) = &self.after_save {
                after().await;
            }
            outcome
        })
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        self.inner.delete(key)
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        if self.locks { self.inner.lock(key) } else { Box::pin(std::future::ready(Ok(RenewalLock::none()))) }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// A pair is lost.

// A renewal is under way; the portal removes the application and installs it again; the answer comes.
#[tokio::test(start_paused = true)]
async fn r01_a_renewal_does_not_overwrite_an_installation_after_a_removal() {
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let server = Server::new([Step::Later(SECOND, 200, pair(2))]);
    let tenants = Tenants::new(server.app(&Clock::new()), store.clone(), |oauth: OAuth| oauth);
    let client = tenants.get(&key()).await.unwrap();
    let waiting = tokio::spawn(client.authorize());
    tokio::time::sleep(SECOND / 2).await;
    tenants.remove(&key()).await.unwrap();
    tenants.install(&key(), seventh()).await.unwrap();
    let _ = waiting.await.unwrap();
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-7");
}

// The same, and the authorisation server refuses the old pair: it belongs to an installation that was removed.
#[tokio::test(start_paused = true)]
async fn r02_a_refused_renewal_does_not_overwrite_an_installation_after_a_removal() {
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let server = Server::new([Step::Later(SECOND, 401, refusal("NOT_INSTALLED"))]);
    let tenants = Tenants::new(server.app(&Clock::new()), store.clone(), |oauth: OAuth| oauth);
    let client = tenants.get(&key()).await.unwrap();
    let waiting = tokio::spawn(client.authorize());
    tokio::time::sleep(SECOND / 2).await;
    tenants.remove(&key()).await.unwrap();
    tenants.install(&key(), seventh()).await.unwrap();
    let _ = waiting.await.unwrap();
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-7");
}

// As r01, but the pair waits in memory because the store had failed: the window is open for hours.
#[tokio::test(start_paused = true)]
async fn r03_an_unsaved_pair_does_not_overwrite_an_installation_after_a_removal() {
    let store = ShakyStore::new(TokenRecord::new(stale()));
    store.fail(6);
    let server = Server::new([Step::Answer(200, pair(2))]);
    let old = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    old.authorize().await.unwrap_err();
    // Another process, or another session of this one: removed and installed again.
    store.delete(&key()).await.unwrap();
    OAuth::builder(server.app(&Clock::new())).store(store.clone()).install(key(), seventh()).await.unwrap();
    let _ = old.authorize().await;
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-7");
}

// A pair that could not be stored is kept in memory: also when nobody asks for that portal for ten minutes.
#[tokio::test(start_paused = true)]
async fn r04_a_tenant_with_an_unsaved_pair_is_not_forgotten() {
    let store = ShakyStore::new(TokenRecord::new(stale()));
    store.fail(6);
    let server = Server::new([Step::Answer(200, pair(2)), Step::Answer(400, refusal("invalid_grant"))]);
    let tenants = Tenants::new(server.app(&Clock::new()), store.clone(), |oauth: OAuth| oauth);
    tenants.get(&key()).await.unwrap().authorize().await.unwrap_err();
    // The store is well again.
    tokio::time::advance(Duration::from_secs(601)).await;
    tenants.forget_idle();
    let grant = tenants.get(&key()).await.unwrap().authorize().await;
    assert_eq!(grant.as_ref().map(token).map_err(Error::code), Ok("acc3ss-2"));
}

// "Do so before a program ends".
#[tokio::test(start_paused = true)]
async fn r05_settled_stores_what_could_not_be_stored() {
    let store = ShakyStore::new(TokenRecord::new(stale()));
    store.fail(6);
    let server = Server::new([Step::Answer(200, pair(2))]);
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    oauth.authorize().await.unwrap_err();
    oauth.settled().await;
    drop(oauth);
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-2");
}

// The runtime of the call that began it ends while the pair is being stored. The pair was in our hands.
#[test]
fn r06_a_pair_in_hand_outlives_the_runtime_of_its_renewal() {
    let slow = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&slow);
    let store = Watched::new(TokenRecord::new(stale())).before_save(move |_, record, expected| {
        let counter = Arc::clone(&counter);
        async move {
            // The first save of a new pair hangs.
            if expected != Some(record.generation()) && counter.fetch_add(1, Ordering::SeqCst) == 0 {
                std::future::pending::<()>().await;
            }
        }
    });
    let server = Server::new([Step::Answer(200, pair(2)), Step::Answer(400, refusal("invalid_grant"))]);
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let (first, second) = (runtime(), runtime());
    let oauth = first.block_on(OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key())).unwrap();
    first.block_on(async {
        let waiting = tokio::spawn(oauth.authorize());
        while slow.load(Ordering::SeqCst) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        waiting.abort();
    });
    first.shutdown_background();
    let grant = second.block_on(async {
        // Until the first renewal is seen to have been cut off.
        let mut grant = oauth.authorize().await;
        for _ in 0..50 {
            if !matches!(&grant, Err(error) if error.code() == "RENEWAL_ABORTED") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            grant = oauth.authorize().await;
        }
        grant
    });
    assert_eq!(grant.as_ref().map(token).map_err(Error::code), Ok("acc3ss-2"));
}

// "From here on nothing may lose it."
#[tokio::test(start_paused = true)]
async fn r07_a_store_that_panics_once_costs_no_pair() {
    let times = Arc::new(AtomicUsize::new(0));
    let store = Watched::new(TokenRecord::new(stale())).before_save(move |_, record, expected| {
        let times = Arc::clone(&times);
        async move {
            if expected != Some(record.generation()) && times.fetch_add(1, Ordering::SeqCst) == 0 {
                panic!("a mistake in a store of the program's own");
            }
        }
    });
    let server = Server::new([Step::Answer(200, pair(2)), Step::Answer(400, refusal("invalid_grant"))]);
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store).open(key()).await.unwrap();
    assert_eq!(oauth.authorize().await.unwrap_err().code(), "RENEWAL_ABORTED");
    let grant = oauth.authorize().await;
    assert_eq!(grant.as_ref().map(token).map_err(Error::code), Ok("acc3ss-2"));
}

// A record with the largest generation: either it is corrupt, or it can be renewed.
#[tokio::test(start_paused = true)]
async fn r08_the_largest_generation_costs_no_pair() {
    let json = format!(r#"{{"params":{},"generation":{}}}"#, stale().to_json().expose(), u64::MAX);
    let Ok(record) = TokenRecord::from_json(json.as_bytes()) else { return };
    let store = MemoryStore::new().with(key(), record);
    let server = Server::new([Step::Answer(200, pair(2))]);
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let _ = oauth.authorize().await;
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-2");
}

// "A mistake in them costs no tokens": a number that serde_json cannot hold.
#[tokio::test(start_paused = true)]
async fn r09_a_number_out_of_range_beside_the_tokens_costs_no_pair() {
    let body = pair(2).replace("3600", "1e999");
    let server = Server::new([Step::Answer(200, body)]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    assert_eq!(oauth.authorize().await.as_ref().map(token).map_err(Error::code), Ok("acc3ss-2"));
}

// ---------------------------------------------------------------------------------------------------------------------
// The wrong pair is used, or a good one is not.

#[tokio::test(start_paused = true)]
async fn r10_an_older_pair_is_not_published_over_an_installation() {
    let server = Server::new([Step::Answer(200, pair(2))]);
    let oauth = OAuth::builder(server.app(&Clock::new())).on_renewal(|_| tokio::time::sleep(SECOND));
    let oauth = oauth.start(stale()).unwrap();
    let waiting = tokio::spawn(oauth.authorize());
    tokio::time::sleep(SECOND / 2).await;
    let moved = params_of(&json!({
        "accessToken": "acc3ss-7", "refreshToken": "r3fresh-7", "clientEndpoint": "https://moved.bitrix24.com/rest/",
    }));
    oauth.install(moved).await.unwrap();
    waiting.await.unwrap().unwrap();
    let grant = oauth.authorize().await.unwrap();
    assert_eq!((token(&grant), grant.portal().to_string().as_str()), ("acc3ss-7", "https://moved.bitrix24.com"));
}

// A pair is installed during a renewal, and refused: the flight that is under way is about the pair before it.
#[tokio::test(start_paused = true)]
async fn r11_a_flight_for_an_older_pair_does_not_answer_for_a_newer_one() {
    let server = Server::new([Step::Later(SECOND, 200, pair(2)), Step::Answer(200, pair(8))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    let first = tokio::spawn(oauth.authorize());
    tokio::time::sleep(SECOND / 2).await;
    oauth.install(seventh()).await.unwrap();
    let newer = oauth.authorize().await.unwrap();
    assert_eq!(token(&newer), "acc3ss-7");
    // The portal says `expired_token` to it.
    let renewed = oauth.renew(&newer).await.unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(token(&renewed), "acc3ss-8", "what was refused is handed out again, so the refusal becomes final");
}

// The token is refused in its last minute, while an early renewal fails for a passing reason.
#[tokio::test(start_paused = true)]
async fn r12_who_was_refused_is_not_handed_the_refused_pair() {
    let clock = Clock::new();
    let steps = [Step::Later(SECOND, 503, String::new())].into_iter().chain((0..5).map(|_| Step::Lost));
    let server = Server::new(steps);
    let oauth = OAuth::new(server.app(&clock), params()).unwrap();
    let refused = oauth.authorize().await.unwrap();
    clock.advance(3550);
    let early = tokio::spawn(oauth.authorize());
    tokio::time::sleep(SECOND / 2).await;
    let renewed = oauth.renew(&refused).await;
    let _ = early.await;
    assert_eq!(renewed.unwrap_err().code(), "NETWORK_ERROR");
}

// Its pair is in the store after a second; its callback takes its time.
#[tokio::test(start_paused = true)]
async fn r13_a_slow_callback_keeps_no_other_process_from_the_stored_pair() {
    let server = Server::new([Step::Later(SECOND, 200, pair(2))]);
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let slow = OAuth::builder(server.app(&Clock::new()))
        .on_renewal(|_| tokio::time::sleep(Duration::from_secs(600)))
        .store(store.clone())
        .open(key())
        .await
        .unwrap();
    let other = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let (_first, second) = (tokio::spawn(slow.authorize()), tokio::spawn(other.authorize()));
    let second = second.await.unwrap();
    assert_eq!(second.as_ref().map(token).map_err(Error::code), Ok("acc3ss-2"));
}

// The winner's pair comes between the look at the store and the mark.
#[tokio::test(start_paused = true)]
async fn r14_who_loses_the_race_for_the_mark_takes_the_winner_s_pair() {
    let first = TokenRecord::new(stale());
    let winner = first.next(params_of(&json!({ "accessToken": "acc3ss-5" })));
    let replaced = first.generation();
    let store = Watched::new(first).before_save(move |store, _, expected| {
        let winner = winner.clone();
        async move {
            if expected == Some(replaced) {
                let _ = store.save(&key(), &winner, expected).await;
            }
        }
    });
    let server = Server::new([]);
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store).open(key()).await.unwrap();
    let grant = oauth.authorize().await;
    assert_eq!(grant.as_ref().map(token).map_err(|error| error.message().to_owned()), Ok("acc3ss-5"));
}

// The way out of a refusal, taken by another process (the one that gets the events).
#[tokio::test(start_paused = true)]
async fn r15_an_installation_by_another_process_ends_the_cool_down() {
    let server = Server::new([Step::Answer(400, refusal("invalid_grant"))]);
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let clock = Clock::new();
    let worker = OAuth::builder(server.app(&clock)).store(store.clone()).open(key()).await.unwrap();
    worker.authorize().await.unwrap_err();
    OAuth::builder(server.app(&Clock::new())).store(store).install(key(), seventh()).await.unwrap();
    // The store is looked at once a second.
    clock.advance(1);
    let grant = worker.authorize().await;
    assert_eq!(grant.as_ref().map(token).map_err(Error::code), Ok("acc3ss-7"));
}

// ---------------------------------------------------------------------------------------------------------------------
// Waits without an end.

#[tokio::test(start_paused = true)]
async fn r16_a_callback_may_use_the_client() {
    let server = Server::new([Step::Answer(200, pair(2))]);
    let me: Arc<OnceLock<OAuth>> = Arc::default();
    let inside = Arc::clone(&me);
    let oauth = OAuth::builder(server.app(&Clock::new())).on_renewal(move |_| {
        let oauth = inside.get().unwrap().clone();
        async move {
            // Any call does this first.
            let _ = oauth.authorize().await;
        }
    });
    let oauth = oauth.start(stale()).unwrap();
    let _ = me.set(oauth.clone());
    let grant = tokio::time::timeout(Duration::from_secs(3600), oauth.authorize()).await;
    assert!(grant.is_ok(), "hangs for ever, with the lock of the store in its hand");
}

#[tokio::test(start_paused = true)]
async fn r17_a_renewal_of_the_program_s_own_has_a_time_limit() {
    let server = Server::new([]);
    let oauth = OAuth::builder(server.app(&Clock::new())).refresh_with(|_| std::future::pending());
    let oauth = oauth.start(stale()).unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(3600), oauth.authorize()).await;
    assert!(outcome.is_ok(), "hangs for ever, with the lock of the store in its hand");
}

// ---------------------------------------------------------------------------------------------------------------------
// Too many questions.

// Every call is refused with 401 (a blocked user in v3, a cached refusal of the portal): each of them rotates the pair.
#[tokio::test(start_paused = true)]
async fn r18_a_portal_that_refuses_every_pair_does_not_cause_a_renewal_for_each_call() {
    let server = Server::new((2..52).map(|n| Step::Answer(200, pair(n))));
    let oauth = OAuth::new(server.app(&Clock::new()), params()).unwrap();
    for _ in 0..50 {
        // What the layer does: the call is refused, sent once more with a newer grant, and refused again.
        let grant = oauth.authorize().await.unwrap();
        let renewed = oauth.renew(&grant).await.unwrap();
        if renewed.generation() != grant.generation() {
            oauth.refused_again(&renewed);
        }
    }
    assert_eq!(server.asked(), 1, "50 calls within a second");
}

#[tokio::test(start_paused = true)]
async fn r19_a_server_in_trouble_is_not_asked_three_times_for_each_call() {
    for status in [429, 503] {
        let server = Server::new((0..300).map(|_| Step::Answer(status, String::new())));
        let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
        for _ in 0..50 {
            oauth.authorize().await.unwrap_err();
        }
        assert!(server.asked() < 50, "50 calls, {} questions", server.asked());
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Whose tokens they are.

// The server vouches for no portal (`"install": []`); the browser's member_id and address are taken for verified.
#[tokio::test(start_paused = true)]
async fn r20_verify_takes_nobody_s_word_for_the_portal() {
    let answer = json!({ "result": { "client_id": "app.1", "user_id": 1, "scope": "crm", "install": [] } }).to_string();
    let server = Server::new([Step::Answer(200, answer)]);
    let forged = params_of(&json!({ "memberId": "victim", "clientEndpoint": "https://evil.example.com/rest/" }));
    let verified = server.app(&Clock::new()).verify(forged).await;
    assert!(verified.is_err(), "{:?}", verified.unwrap());
}

#[tokio::test(start_paused = true)]
async fn r21_tokens_of_one_user_are_not_kept_for_another() {
    let server = Server::new([]);
    let tenants = Tenants::new(server.app(&Clock::new()), MemoryStore::new(), |oauth: OAuth| oauth);
    let of_user_8 = params_of(&json!({ "userId": 8 }));
    assert!(tenants.install(&key().with_user(7), of_user_8).await.is_err());
}

// "A portal on this machine, by the word of a stranger."
#[test]
fn r22_every_spelling_of_this_machine_is_this_machine() {
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

// ---------------------------------------------------------------------------------------------------------------------
// Many portals.

// `get` has read the old pair when an installation replaces it, and is the first to be remembered.
#[tokio::test(start_paused = true)]
async fn r23_an_installation_is_not_hidden_by_a_get_that_began_before_it() {
    let (loads, saves) = (Arc::new(AtomicUsize::new(0)), SECOND * 3);
    let store = Watched::new(TokenRecord::new(params()))
        .after_load(move || {
            // The first one, of `get`, is slow to arrive.
            let wait = if loads.fetch_add(1, Ordering::SeqCst) == 0 { SECOND * 2 } else { Duration::ZERO };
            tokio::time::sleep(wait)
        })
        .after_save(move || tokio::time::sleep(saves));
    let server = Server::new([]);
    let tenants = Tenants::new(server.app(&Clock::new()), store, |oauth: OAuth| oauth);
    let other = tenants.clone();
    let getting = tokio::spawn(async move { other.get(&key()).await.unwrap() });
    tokio::time::sleep(SECOND).await;
    let moved = params_of(&json!({
        "accessToken": "acc3ss-7", "refreshToken": "r3fresh-7", "clientEndpoint": "https://moved.bitrix24.com/rest/",
    }));
    let installed = tenants.install(&key(), moved).await.unwrap();
    getting.await.unwrap();
    let grant = installed.authorize().await.unwrap();
    assert_eq!((token(&grant), grant.portal().to_string().as_str()), ("acc3ss-7", "https://moved.bitrix24.com"));
}

#[tokio::test(start_paused = true)]
async fn r24_a_get_that_began_before_a_removal_leaves_nothing_behind() {
    let store = Watched::new(TokenRecord::new(params())).after_load(|| tokio::time::sleep(SECOND));
    let server = Server::new([]);
    let tenants = Tenants::new(server.app(&Clock::new()), store, |oauth: OAuth| oauth);
    let other = tenants.clone();
    let getting = tokio::spawn(async move { other.get(&key()).await.map(drop) });
    tokio::time::sleep(SECOND / 2).await;
    tenants.remove(&key()).await.unwrap();
    let _ = getting.await.unwrap();
    assert!(tenants.get(&key()).await.is_err(), "handed out until it is idle");
}

#[tokio::test(start_paused = true)]
async fn r25_settled_waits_for_renewals_of_clients_that_were_forgotten() {
    let server = Server::new([Step::Later(SECOND * 10, 200, pair(2))]);
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let tenants = Tenants::new(server.app(&Clock::new()), store.clone(), |oauth: OAuth| oauth);
    // A worker keeps its client for a long piece of work.
    let client = tenants.get(&key()).await.unwrap();
    tokio::time::advance(Duration::from_secs(601)).await;
    let _waiting = tokio::spawn(client.authorize());
    tokio::time::sleep(SECOND).await;
    tenants.forget_idle();
    tenants.settled().await;
    // The program ends here.
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-2");
}

#[tokio::test(start_paused = true)]
async fn r26_a_crowd_that_asks_for_one_portal_makes_one_client() {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let loads = Arc::new(AtomicUsize::new(0));
    let loaded = Arc::clone(&loads);
    let store = Watched::new(TokenRecord::new(params())).after_load(move || {
        loaded.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(SECOND)
    });
    let tenants = Tenants::new(Server::default().app(&Clock::new()), store, move |oauth: OAuth| {
        counter.fetch_add(1, Ordering::SeqCst);
        oauth
    });
    let key = key();
    futures_util::future::join_all((0..1000).map(|_| tenants.get(&key))).await;
    assert_eq!((made.load(Ordering::SeqCst), loads.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn r27_an_idle_time_is_not_ignored_in_silence() {
    let store = MemoryStore::new().with(key(), TokenRecord::new(params()));
    let first = Tenants::new(Server::default().app(&Clock::new()), store, |oauth: OAuth| oauth);
    let second = first.clone().with_idle_time(SECOND);
    second.get(&key()).await.unwrap();
    tokio::time::advance(SECOND * 2).await;
    assert_eq!(second.forget_idle(), 1, "the value returned has the default of ten minutes");
}

// ---------------------------------------------------------------------------------------------------------------------
// What is said of a loss.

// A renewal was cut off. Every refusal that follows has the same cause.
#[tokio::test(start_paused = true)]
async fn r28_a_loss_is_told_for_as_long_as_it_lasts() {
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
async fn r29_only_a_used_pair_is_called_used_up() {
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
async fn r30_a_mark_is_left_only_by_what_may_have_used_the_pair() {
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
async fn r31_an_answer_that_came_is_not_called_lost() {
    let server = Server::new([Step::Answer(429, String::new()), Step::Answer(400, refusal("invalid_grant"))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    let error = oauth.authorize().await.unwrap_err();
    assert!(!error.message().contains("got no answer"), "{error}");
}

// Calls `hear` with every new pair, after it is stored.
#[tokio::test(start_paused = true)]
async fn r32_a_pair_that_was_stored_after_all_is_told_of() {
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

// ---------------------------------------------------------------------------------------------------------------------
// Secrets.

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
async fn r33_a_secret_is_found_in_the_spelling_of_a_form() {
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
async fn r34_the_old_pair_is_taken_out_of_the_program_s_own_errors() {
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).refresh_with(|old| async move {
        let source = std::io::Error::other(format!("GET https://vault/renew?token={}", old.refresh_token().expose()));
        Err(Error::auth("VAULT_SEALED", "the vault is sealed").with_source(source))
    });
    let shown = every_word(&oauth.start(stale()).unwrap().authorize().await.unwrap_err());
    assert!(!shown.contains("r3fresh-1"), "{shown}");
}

// A store whose errors show the statement that failed.
#[tokio::test(start_paused = true)]
async fn r35_the_new_pair_is_taken_out_of_a_store_s_errors() {
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

// ---------------------------------------------------------------------------------------------------------------------
// Words.

#[tokio::test(start_paused = true)]
async fn r36_an_error_has_a_code() {
    let server = Server::new([Step::Answer(400, r#"{"error":{}}"#.to_owned())]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    assert_ne!(oauth.authorize().await.unwrap_err().code(), "");
}

#[tokio::test(start_paused = true)]
async fn r37_a_reply_s_own_renewal_is_not_lost_with_its_number() {
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
async fn r38_who_waits_for_the_lock_waits_as_long_as_a_renewal_can_take() {
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
async fn r39_the_installation_that_is_stored_is_the_one_in_use() {
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
