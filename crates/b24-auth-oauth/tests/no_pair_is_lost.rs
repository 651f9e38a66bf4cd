//! Ways in which the only good pair could be lost, and is not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/shaky.rs"]
mod shaky;
mod support;
#[path = "support/watched.rs"]
mod watched;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use b24_auth_oauth::{MemoryStore, OAuth, Tenants, TokenRecord, TokenStore};
use b24_core::{Authenticator, Error};
use shaky::ShakyStore;
use support::{Clock, Server, Step, key, pair, refusal};
use watched::{SECOND, Watched, seventh, stale, stored, token};

// A renewal is under way; the portal removes the application and installs it again; the answer comes.
#[tokio::test(start_paused = true)]
async fn a_renewal_does_not_overwrite_an_installation_after_a_removal() {
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
async fn a_refused_renewal_does_not_overwrite_an_installation_after_a_removal() {
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
async fn an_unsaved_pair_does_not_overwrite_an_installation_after_a_removal() {
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
async fn a_tenant_with_an_unsaved_pair_is_not_forgotten() {
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
async fn settled_stores_what_could_not_be_stored() {
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
fn a_pair_in_hand_outlives_the_runtime_of_its_renewal() {
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
        for _ in 0..3_000 {
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
async fn a_store_that_panics_once_costs_no_pair() {
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
async fn the_largest_generation_costs_no_pair() {
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
async fn a_number_out_of_range_beside_the_tokens_costs_no_pair() {
    let body = pair(2).replace("3600", "1e999");
    let server = Server::new([Step::Answer(200, body)]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    assert_eq!(oauth.authorize().await.as_ref().map(token).map_err(Error::code), Ok("acc3ss-2"));
}
