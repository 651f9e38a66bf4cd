//! Many portals, asked for at the same time.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

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

use b24_auth_oauth::{MemoryStore, OAuth, Tenants, TokenRecord};
use b24_core::Authenticator;
use serde_json::json;
use support::{Clock, Server, Step, key, pair, params, params_of};
use watched::{SECOND, Watched, stale, stored, token};

// `get` has read the old pair when an installation replaces it, and is the first to be remembered.
#[tokio::test(start_paused = true)]
async fn an_installation_is_not_hidden_by_a_get_that_began_before_it() {
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
async fn a_get_that_began_before_a_removal_leaves_nothing_behind() {
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
async fn settled_waits_for_renewals_of_clients_that_were_forgotten() {
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
async fn a_crowd_that_asks_for_one_portal_makes_one_client() {
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
async fn an_idle_time_is_not_ignored_in_silence() {
    let store = MemoryStore::new().with(key(), TokenRecord::new(params()));
    let first = Tenants::new(Server::default().app(&Clock::new()), store, |oauth: OAuth| oauth);
    let second = first.clone().with_idle_time(SECOND);
    second.get(&key()).await.unwrap();
    tokio::time::advance(SECOND * 2).await;
    assert_eq!(second.forget_idle(), 1, "the value returned has the default of ten minutes");
}
