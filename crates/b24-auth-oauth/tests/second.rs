//! Second review. Each test fails on the commit it was written for.
#![allow(clippy::all, clippy::pedantic, clippy::unwrap_used, clippy::panic, missing_docs, clippy::disallowed_methods)]
#[path = "support/shaky.rs"]
mod shaky;
mod support;
use std::{fmt, future::Future, pin::Pin, sync::{Arc, Mutex, atomic::{AtomicBool, AtomicUsize, Ordering}}, time::Duration};
use b24_auth_oauth::{FileStore, MemoryStore, OAuth, RenewalLock, StoreError, TokenKey, TokenRecord, TokenStore, store::{StoreFuture, PostgresStore}};
use b24_core::{Authenticator, Error, Grant};
use serde_json::json;
use support::{Clock, NOW, Server, Step, key, pair, params, params_of, refusal};
const SECOND: Duration = Duration::from_secs(1);
fn token(grant: &Grant) -> &str { grant.credential().secret().expose() }
fn stale() -> b24_auth_oauth::OAuthParams { params_of(&json!({ "expires": NOW - 10 })) }
fn numbered(n: u32) -> b24_auth_oauth::OAuthParams {
    params_of(&json!({ "accessToken": format!("acc3ss-{n}"), "refreshToken": format!("r3fresh-{n}") }))
}
async fn stored(store: &impl TokenStore) -> TokenRecord { store.load(&key()).await.unwrap().unwrap() }

type After = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;
#[derive(Clone)]
struct Watched { inner: MemoryStore, after_load: Arc<Mutex<Option<After>>> }
impl fmt::Debug for Watched { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("Watched") } }
impl TokenStore for Watched {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        Box::pin(async move {
            let found = self.inner.load(key).await;
            let after = self.after_load.lock().unwrap().take();
            if let Some(after) = after { after().await; }
            found
        })
    }
    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> { self.inner.save(key, record, expected) }
    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> { self.inner.delete(key) }
    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> { self.inner.lock(key) }
}

// adopt() publishes what it has read before an installation that was stored and published meanwhile.
#[tokio::test(start_paused = true)]
async fn s01_what_was_read_before_an_installation_is_not_published_over_it() {
    let first = TokenRecord::new(stale());
    let store = Watched { inner: MemoryStore::new().with(key(), first.clone()), after_load: Arc::default() };
    let oauth = OAuth::builder(Server::default().app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    // Another process renews.
    store.inner.save(&key(), &first.next(numbered(2)), Some(first.generation())).await.unwrap();
    // The answer of the next load is slow; meanwhile the application is installed anew.
    let handle = oauth.clone();
    *store.after_load.lock().unwrap() = Some(Arc::new(move || {
        let handle = handle.clone();
        Box::pin(async move { handle.install(numbered(7)).await.unwrap(); })
    }));
    oauth.authorize().await.unwrap();
    assert_eq!(stored(&store).await.params().access_token().expose(), "acc3ss-7");
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-7", "the installation is stored, older tokens are in use");
}

// Another process had renewed an hour ago; the portal has ended both tokens. Nothing was renewed here, yet renewing is called futile.
#[tokio::test(start_paused = true)]
async fn s02_a_pair_taken_over_from_the_store_and_refused_is_renewed() {
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
async fn s03_a_late_refusal_does_not_make_a_renewal_of_an_old_pair_futile() {
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

// The runtime of the call that began a renewal is alive and not driven: a program with block_on in several threads.
#[test]
fn s04_a_renewal_on_a_runtime_that_nobody_drives_does_not_stop_all_others() {
    let server = Server::new([Step::Later(SECOND / 10, 200, pair(2)), Step::Answer(200, pair(3))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (first, second) = (runtime(), runtime());
    // A call with a deadline: given up before the renewal was done.
    let early = first.block_on(async { tokio::time::timeout(Duration::from_millis(20), oauth.authorize()).await });
    assert!(early.is_err());
    let grant = second.block_on(async { tokio::time::timeout(Duration::from_secs(10), oauth.authorize()).await });
    assert!(grant.is_ok(), "still waiting after ten seconds for a renewal that takes 0.1 s");
}

// The largest generation that is taken for a record.
#[tokio::test]
async fn s05_the_largest_generation_that_is_read_can_be_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    std::fs::write(&file, format!(r#"{{"params":{},"generation":{}}}"#, stale().to_json().expose(), 1_u64 << 53)).unwrap();
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let store = FileStore::single(&file);
    let server = Server::new([Step::Answer(200, pair(2))]);
    let Ok(oauth) = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await else { return };
    let _ = oauth.authorize().await;
    let now = store.load(&key()).await.map(|record| record.unwrap().params().refresh_token().expose().to_owned());
    assert_eq!(now.map_err(|error| error.to_string()), Ok("r3fresh-2".to_owned()));
}

// The first answer was lost, the second send refused: the pair is used up, and a mark said so until `refused` took it away.
#[tokio::test(start_paused = true)]
async fn s06_a_loss_by_a_lost_answer_is_told_for_as_long_as_it_lasts() {
    let clock = Clock::new();
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let server = Server::new([Step::Lost, Step::Answer(400, refusal("invalid_grant")), Step::Answer(400, refusal("invalid_grant"))]);
    let oauth = OAuth::builder(server.app(&clock)).store(store.clone()).open(key()).await.unwrap();
    let first = oauth.authorize().await.unwrap_err();
    assert!(first.message().contains("may have used it up"), "{first}");
    clock.advance(31);
    let again = oauth.authorize().await.unwrap_err();
    assert!(again.message().contains("used"), "{again}; mark: {:?}", stored(&store).await.renewing_since());
}

// A store panics once, nobody calls again: "kept in memory and tried again", and by whom?
#[tokio::test(start_paused = true)]
async fn s07_a_pair_whose_store_panicked_has_a_keeper() {
    #[derive(Clone, Debug)]
    struct Panics(MemoryStore, Arc<AtomicBool>);
    impl TokenStore for Panics {
        fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> { self.0.load(key) }
        fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
            if expected != Some(record.generation()) && !self.1.swap(true, Ordering::SeqCst) { panic!("once") }
            self.0.save(key, record, expected)
        }
        fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> { self.0.delete(key) }
        fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> { self.0.lock(key) }
    }
    let store = Panics(MemoryStore::new().with(key(), TokenRecord::new(stale())), Arc::default());
    let server = Server::new([Step::Answer(200, pair(2))]);
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let _ = oauth.authorize().await;
    drop(oauth);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(stored(&store).await.params().refresh_token().expose(), "r3fresh-2");
}

// A callback's own call is refused by the portal: it waits for the flight that waits for the callback.
#[tokio::test(start_paused = true)]
async fn s08_a_callback_whose_call_is_refused_does_not_wait_for_itself() {
    let server = Server::new([Step::Answer(200, pair(2)), Step::Answer(200, pair(3)), Step::Answer(200, pair(4))]);
    let slot: Arc<Mutex<Option<OAuth>>> = Arc::default();
    let inside = Arc::clone(&slot);
    let times = Arc::new(AtomicUsize::new(0));
    let oauth = OAuth::builder(server.app(&Clock::new())).on_renewal(move |_| {
        let (inside, times) = (Arc::clone(&inside), Arc::clone(&times));
        async move {
            if times.fetch_add(1, Ordering::SeqCst) > 0 { return }
            let oauth = inside.lock().unwrap().clone().unwrap();
            let grant = oauth.authorize().await.unwrap();
            let _ = oauth.renew(&grant).await;
        }
    }).start(stale()).unwrap();
    *slot.lock().unwrap() = Some(oauth.clone());
    let start = tokio::time::Instant::now();
    let _ = oauth.authorize().await;
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

// Root saves through a link that a stranger has left in a folder which all share.
#[tokio::test]
async fn s09_a_stranger_s_link_in_a_shared_folder_gets_no_tokens() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let base = std::path::PathBuf::from(format!("/tmp/wt/s09-{}", std::process::id()));
    let (shared, theirs) = (base.join("shared"), base.join("theirs"));
    std::fs::create_dir_all(&shared).unwrap();
    std::fs::create_dir_all(&theirs).unwrap();
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o1777)).unwrap();
    std::os::unix::fs::chown(&theirs, Some(65534), Some(65534)).unwrap();
    let link = shared.join("oauth.json");
    std::os::unix::fs::symlink(theirs.join("mine.json"), &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(65534), Some(65534)).unwrap();
    let saved = FileStore::single(&link).save(&key(), &TokenRecord::new(params()), None).await;
    let found = std::fs::metadata(theirs.join("mine.json"));
    let _ = std::fs::remove_dir_all(&base);
    assert!(saved.is_err() || found.as_ref().unwrap().uid() == 0, "the tokens belong to uid {}", found.unwrap().uid());
}

fn url() -> Option<String> { std::env::var("B24_TEST_POSTGRES").ok() }
fn table() -> String { format!("b24_second_{:x}", fastrand_like()) }
fn fastrand_like() -> u64 { std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64 }

// The connection lives on one runtime, the renewal on another, which ends.
#[test]
fn s10_a_lock_does_not_outlive_the_runtime_of_its_renewal() {
    let Some(url) = url() else { panic!("no postgres") };
    let table = table();
    let store = || PostgresStore::new(&url).unwrap().with_table(&table).unwrap();
    let (mine, other) = (store(), store());
    let long = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    long.block_on(async { mine.create_table().await.unwrap(); });
    let short = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let clone = mine.clone();
    short.block_on(async move {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        tokio::spawn(async move {
            let _lock = clone.lock(&key()).await.unwrap();
            sender.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        receiver.await.unwrap();
    });
    drop(short);
    let got = long.block_on(async { 
        tokio::time::sleep(SECOND).await;
        tokio::time::timeout(Duration::from_secs(10), other.lock(&key())).await.is_ok() });
    assert!(got, "nobody has the lock, and another process cannot get it");
}

// One table by two names: "`t` and `public.t` are one".
#[tokio::test]
async fn s11_one_table_by_two_names_is_locked_once() {
    let Some(url) = url() else { panic!("no postgres") };
    let table = table();
    let one = PostgresStore::new(&url).unwrap().with_table(&table).unwrap();
    one.create_table().await.unwrap();
    let two = one.clone().with_table(&format!("public.{table}")).unwrap();
    let key = key();
    let _held = one.lock(&key).await.unwrap();
    let second = tokio::time::timeout(SECOND, two.lock(&key)).await;
    assert!(second.is_err(), "both have it");
}

// "A reply is not thrown away for what stands beside its tokens."
#[tokio::test]
async fn s12_a_nul_beside_the_tokens_costs_no_pair() {
    let Some(url) = url() else { panic!("no postgres") };
    let store = PostgresStore::new(&url).unwrap().with_table(&table()).unwrap();
    store.create_table().await.unwrap();
    store.save(&key(), &TokenRecord::new(stale()), None).await.unwrap();
    let body = pair(2).replace("\"member_id\"", "\"scope\":\"crm\\u0000\",\"member_id\"");
    let server = Server::new([Step::Answer(200, body)]);
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let grant = oauth.authorize().await;
    assert_eq!(grant.as_ref().map(token).map_err(Error::to_string), Ok("acc3ss-2"));
}
