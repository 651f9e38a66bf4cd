//! Which pair is used where several are at hand, and how long calls wait for it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;
#[path = "support/watched.rs"]
mod watched;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use b24_auth_oauth::{MemoryStore, OAuth, TokenRecord, TokenStore};
use b24_core::{Authenticator, Error};
use serde_json::json;
use support::{Clock, Server, Step, key, pair, params, params_of, refusal};
use watched::{SECOND, Watched, seventh, stale, token};

#[tokio::test(start_paused = true)]
async fn an_older_pair_is_not_published_over_an_installation() {
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
async fn a_flight_for_an_older_pair_does_not_answer_for_a_newer_one() {
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
async fn who_was_refused_is_not_handed_the_refused_pair() {
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
async fn a_slow_callback_keeps_no_other_process_from_the_stored_pair() {
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
async fn who_loses_the_race_for_the_mark_takes_the_winner_s_pair() {
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
async fn an_installation_by_another_process_ends_the_cool_down() {
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

#[tokio::test(start_paused = true)]
async fn a_callback_may_use_the_client() {
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
async fn a_renewal_of_the_program_s_own_has_a_time_limit() {
    let server = Server::new([]);
    let oauth = OAuth::builder(server.app(&Clock::new())).refresh_with(|_| std::future::pending());
    let oauth = oauth.start(stale()).unwrap();
    let outcome = tokio::time::timeout(Duration::from_secs(3600), oauth.authorize()).await;
    assert!(outcome.is_ok(), "hangs for ever, with the lock of the store in its hand");
}

// Every call is refused with 401 (a blocked user in v3, a cached refusal of the portal): each of them rotates the pair.
#[tokio::test(start_paused = true)]
async fn a_portal_that_refuses_every_pair_does_not_cause_a_renewal_for_each_call() {
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
async fn a_server_in_trouble_is_not_asked_three_times_for_each_call() {
    for status in [429, 503] {
        let server = Server::new((0..300).map(|_| Step::Answer(status, String::new())));
        let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
        for _ in 0..50 {
            oauth.authorize().await.unwrap_err();
        }
        assert!(server.asked() < 50, "50 calls, {} questions", server.asked());
    }
}
