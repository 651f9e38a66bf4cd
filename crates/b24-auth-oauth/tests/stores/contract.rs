//! What every store of tokens does.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use b24_auth_oauth::{
    StoreErrorKind, TokenKey, TokenStore,
    store::{RenewalLock, StoreFuture},
};
use tokio::{task::JoinSet, time::timeout};

use crate::sample::{key, named, record};

/// How a test makes a store, and another handle to the same tokens, perhaps in another process.
pub(crate) trait Bench {
    type Store: TokenStore + Clone;

    /// A store with nothing in it.
    fn store(&self) -> Self::Store;

    /// Another handle, made anew where a store can be.
    fn other(&self) -> Self::Store {
        self.store()
    }
}

/// One set of facts for each store: `$bench` makes it, or is `None` where there is nothing to test with.
macro_rules! contract {
    ($store:ident, $bench:expr, [$($fact:ident),* $(,)?]) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $fact() {
                    if let Some(bench) = $bench.await {
                        super::contract::$fact(&bench).await;
                    }
                }
            )*
        }
    };
}
pub(crate) use contract;

pub(crate) async fn what_was_saved_is_loaded(bench: &impl Bench) {
    let store = bench.store();
    assert!(store.load(&key()).await.unwrap().is_none());
    let first = record("one");
    store.save(&key(), &first, None).await.unwrap();
    let found = bench.other().load(&key()).await.unwrap().unwrap();
    assert_eq!(found.to_json().expose(), first.to_json().expose());
    let second = found.next(record("two").into_params());
    store.save(&key(), &second, Some(1)).await.unwrap();
    let found = bench.other().load(&key()).await.unwrap().unwrap();
    assert_eq!((found.generation(), found.params().access_token().expose()), (2, "two"));
}

pub(crate) async fn a_mark_is_kept_until_the_next_pair(bench: &impl Bench) {
    let store = bench.store();
    let first = record("one");
    store.save(&key(), &first, None).await.unwrap();
    let since = std::time::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    store.save(&key(), &first.renewing(since), Some(1)).await.unwrap();
    let marked = bench.other().load(&key()).await.unwrap().unwrap();
    assert_eq!((marked.renewing_since(), marked.generation()), (Some(since), 1));
    store.save(&key(), &marked.next(record("two").into_params()), Some(1)).await.unwrap();
    assert_eq!(bench.other().load(&key()).await.unwrap().unwrap().renewing_since(), None);
}

pub(crate) async fn a_save_that_expects_another_generation_changes_nothing(bench: &impl Bench) {
    let store = bench.store();
    let conflict = |done: Result<(), b24_auth_oauth::StoreError>| {
        assert_eq!(done.unwrap_err().kind(), StoreErrorKind::Conflict);
    };
    conflict(store.save(&key(), &record("one"), Some(1)).await);
    assert!(store.load(&key()).await.unwrap().is_none());
    store.save(&key(), &record("one"), None).await.unwrap();
    conflict(store.save(&key(), &record("two"), None).await);
    conflict(store.save(&key(), &record("two"), Some(0)).await);
    conflict(store.save(&key(), &record("two"), Some(2)).await);
    let found = bench.other().load(&key()).await.unwrap().unwrap();
    assert_eq!(found.params().access_token().expose(), "one");
}

pub(crate) async fn what_was_deleted_is_gone_and_can_be_saved_anew(bench: &impl Bench) {
    let store = bench.store();
    assert!(!store.delete(&key()).await.unwrap());
    store.save(&key(), &record("one"), None).await.unwrap();
    assert!(bench.other().delete(&key()).await.unwrap());
    assert!(store.load(&key()).await.unwrap().is_none());
    assert!(!store.delete(&key()).await.unwrap());
    store.save(&key(), &record("two"), None).await.unwrap();
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation(), 1);
}

pub(crate) async fn users_and_portals_are_kept_apart(bench: &impl Bench) {
    let store = bench.store();
    let keys = [key(), key().with_user(7), key().with_user(77), TokenKey::new("m2").unwrap()];
    for (index, key) in keys.iter().enumerate() {
        let mut text = named(&format!("token{index}"));
        text["params"]["memberId"] = key.member_id().into();
        text["params"]["userId"] = key.user().unwrap_or(1).into();
        let record = b24_auth_oauth::TokenRecord::from_json(text.to_string().as_bytes()).unwrap();
        store.save(key, &record, None).await.unwrap();
    }
    assert!(store.delete(&keys[1]).await.unwrap());
    let mut found = Vec::new();
    for key in &keys {
        let record = bench.other().load(key).await.unwrap();
        found.push(record.map(|record| record.params().access_token().expose().to_owned()));
    }
    let want = [Some("token0"), None, Some("token2"), Some("token3")];
    assert_eq!(found, want.map(|token| token.map(str::to_owned)));
}

pub(crate) async fn long_and_foreign_text_comes_back_as_it_was(bench: &impl Bench) {
    let store = bench.store();
    let mut text = named("one");
    text["params"]["scope"] = "crm,задача,\"'\\,\u{1f680},user.userfield".repeat(500).into();
    text["params"]["issuer"] = "портал\n\t'; DROP TABLE b24_tokens; --".into();
    let record = b24_auth_oauth::TokenRecord::from_json(text.to_string().as_bytes()).unwrap();
    store.save(&key(), &record, None).await.unwrap();
    let found = bench.other().load(&key()).await.unwrap().unwrap();
    assert_eq!(found.params().issuer(), record.params().issuer());
    assert!(found.params().scope().eq(record.params().scope()));
}

pub(crate) async fn no_increment_of_eight_threads_is_lost(bench: &impl Bench) {
    const EACH: u64 = 12;
    let store = bench.store();
    store.save(&key(), &record("zero"), None).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = bench.other();
        tasks.spawn(async move {
            let mut done = 0;
            while done < EACH {
                let found = store.load(&key()).await.unwrap().unwrap();
                let next = found.next(record("more").into_params());
                match store.save(&key(), &next, Some(found.generation())).await {
                    Ok(()) => done += 1,
                    Err(error) => assert_eq!(error.kind(), StoreErrorKind::Conflict, "{error:?}"),
                }
            }
        });
    }
    tasks.join_all().await;
    assert_eq!(store.load(&key()).await.unwrap().unwrap().generation(), 1 + 8 * EACH);
}

pub(crate) async fn a_lock_keeps_others_out_until_it_is_dropped(bench: &impl Bench) {
    let store = bench.store();
    let other = bench.other();
    let lock = store.lock(&key()).await.unwrap();
    assert!(is_locked(other.lock(&key())).await, "another handle");
    assert!(is_locked(store.lock(&key())).await, "the same handle");
    // Who has the lock can work, and other keys are free.
    store.save(&key(), &record("one"), None).await.unwrap();
    assert!(store.load(&key()).await.unwrap().is_some());
    assert!(store.delete(&key()).await.unwrap());
    drop(lock);
    let lock = soon(other.lock(&key())).await;
    assert!(is_locked(store.lock(&key())).await);
    drop(lock);
    drop(soon(store.lock(&key())).await);
}

pub(crate) async fn users_have_locks_of_their_own(bench: &impl Bench) {
    let store = bench.store();
    let _held = store.lock(&key()).await.unwrap();
    let _mine = soon(store.lock(&key().with_user(7))).await;
    let _theirs = soon(bench.other().lock(&key().with_user(8))).await;
}

pub(crate) async fn who_gives_up_waiting_keeps_nobody_out(bench: &impl Bench) {
    let (store, other) = (bench.store(), bench.other());
    let lock = store.lock(&key()).await.unwrap();
    for micros in [0, 50, 200, 1_000, 5_000, 20_000] {
        for store in [&store, &other] {
            assert!(timeout(Duration::from_micros(micros), store.lock(&key())).await.is_err());
        }
    }
    drop(lock);
    // Given up at any point of getting a lock that is free.
    for micros in (0..3_000).step_by(60) {
        drop(timeout(Duration::from_micros(micros), other.lock(&key())).await);
        drop(timeout(Duration::from_micros(micros), store.lock(&key())).await);
    }
    drop(soon(store.lock(&key())).await);
    drop(soon(other.lock(&key())).await);
}

pub(crate) async fn one_at_a_time_is_in_the_lock(bench: &impl Bench) {
    let inside = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    for index in 0..8 {
        let (store, inside) = (if index % 2 == 0 { bench.store() } else { bench.other() }, Arc::clone(&inside));
        tasks.spawn(async move {
            for _ in 0..5 {
                let lock = store.lock(&key()).await.unwrap();
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold the lock");
                tokio::time::sleep(Duration::from_millis(1)).await;
                inside.fetch_sub(1, Ordering::SeqCst);
                drop(lock);
            }
        });
    }
    timeout(Duration::from_secs(60), tasks.join_all()).await.expect("the locks go on");
}

pub(crate) async fn many_keys_are_locked_at_once(bench: &impl Bench) {
    let mut tasks = JoinSet::new();
    for user in 0..200 {
        let store = if user % 2 == 0 { bench.store() } else { bench.other() };
        tasks.spawn(async move {
            // Two for each key, while 100 keys are held.
            let lock = store.lock(&key().with_user(user / 2)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(lock);
        });
    }
    timeout(Duration::from_secs(60), tasks.join_all()).await.expect("nobody waits for ever");
}

/// Whether a lock is not to be had.
pub(crate) async fn is_locked(lock: StoreFuture<'_, RenewalLock>) -> bool {
    timeout(Duration::from_millis(150), lock).await.is_err()
}

/// A lock that has to be free, or to become free soon.
pub(crate) async fn soon(lock: StoreFuture<'_, RenewalLock>) -> RenewalLock {
    timeout(Duration::from_secs(10), lock).await.expect("the lock is free").unwrap()
}
