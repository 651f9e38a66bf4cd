//! Many portals in one process.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use b24_auth_oauth::{MemoryStore, OAuth, Tenants, TokenKey, TokenRecord};
use b24_core::Authenticator;
use serde_json::json;
use support::{Clock, Server, Step, key, params, params_of, refusal};

fn tenants(server: &Server, store: MemoryStore) -> (Tenants<OAuth>, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&made);
    let tenants = Tenants::new(server.app(&Clock::new()), store, move |oauth| {
        counter.fetch_add(1, Ordering::SeqCst);
        oauth
    });
    (tenants, made)
}

fn of(member: &str) -> (TokenKey, TokenRecord) {
    (TokenKey::new(member).unwrap(), TokenRecord::new(params_of(&json!({ "memberId": member }))))
}

#[tokio::test(start_paused = true)]
async fn a_client_is_made_once_and_kept_while_it_is_asked_for() {
    let (store_key, record) = of("m1");
    let (tenants, made) = tenants(&Server::default(), MemoryStore::new().with(store_key, record));
    for _ in 0..5 {
        tenants.get(&key()).await.unwrap();
        tokio::time::advance(Duration::from_secs(400)).await;
    }
    assert_eq!((made.load(Ordering::SeqCst), tenants.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_nobody_asks_for_is_forgotten() {
    let mut store = MemoryStore::new();
    for member in 0..100 {
        let (key, record) = of(&format!("m{member}"));
        store = store.with(key, record);
    }
    let (tenants, made) = tenants(&Server::default(), store);
    for member in 0..100 {
        tenants.get(&TokenKey::new(&format!("m{member}")).unwrap()).await.unwrap();
    }
    tokio::time::advance(Duration::from_secs(601)).await;
    // By the way, with the next one that is asked for.
    tenants.get(&key()).await.unwrap();
    assert_eq!((tenants.len(), made.load(Ordering::SeqCst)), (1, 100));
    tokio::time::advance(Duration::from_secs(601)).await;
    assert_eq!((tenants.forget_idle(), tenants.is_empty()), (1, true));
}

#[tokio::test(start_paused = true)]
async fn a_portal_without_tokens_is_missed_by_name() {
    let (tenants, made) = tenants(&Server::default(), MemoryStore::new());
    assert_eq!(tenants.get(&key()).await.unwrap_err().code(), "TOKENS_MISSING");
    assert_eq!((made.load(Ordering::SeqCst), tenants.len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_installation_reaches_clients_that_are_in_use_and_a_removal_ends_them() {
    let server = Server::new([Step::Answer(400, refusal("invalid_grant"))]);
    let store = MemoryStore::new();
    let (tenants, _) = tenants(&server, store.clone());
    let client = tenants.install(&key(), params()).await.unwrap();
    let dead = client.authorize().await.unwrap();
    client.renew(&dead).await.unwrap_err();
    tenants.install(&key(), params_of(&json!({ "accessToken": "acc3ss-7" }))).await.unwrap();
    assert_eq!(client.authorize().await.unwrap().credential().secret().expose(), "acc3ss-7");
    assert!(tenants.remove(&key()).await.unwrap());
    assert!(!tenants.remove(&key()).await.unwrap());
    assert!(tenants.is_empty() && store.is_empty());
}

#[tokio::test(start_paused = true)]
async fn two_who_ask_at_once_get_the_same_client() {
    let (store_key, record) = of("m1");
    let (tenants, _) = tenants(&Server::default(), MemoryStore::new().with(store_key, record));
    let key = key();
    let both = futures_util::future::join(tenants.get(&key), tenants.get(&key)).await;
    assert_eq!((tenants.len(), both.0.is_ok(), both.1.is_ok()), (1, true, true));
}
