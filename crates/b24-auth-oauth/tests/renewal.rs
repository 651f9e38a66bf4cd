//! Tokens that renew themselves: when, how often, and what is left when something fails.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use b24_auth_oauth::{MemoryStore, OAuth, TokenRecord, TokenReply, TokenStore};
use b24_core::{Authenticator, Error, ErrorKind, Grant};
use serde_json::json;
use support::{Clock, NOW, Server, Step, key, pair, params, params_of, refusal};

fn token(grant: &Grant) -> &str {
    grant.credential().secret().expose()
}

fn stale() -> b24_auth_oauth::OAuthParams {
    params_of(&json!({ "expires": NOW - 10 }))
}

async fn stored(oauth: &OAuth) -> String {
    oauth.params().await.unwrap().refresh_token().expose().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_good_token_is_handed_out_at_once() {
    let server = Server::new([]);
    let oauth = OAuth::new(server.app(&Clock::new()), params()).unwrap();
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-1");
    assert_eq!(server.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_a_minute_before_its_end() {
    let clock = Clock::new();
    let server = Server::new([Step::Answer(200, pair(2))]);
    let oauth = OAuth::new(server.app(&clock), params()).unwrap();
    clock.advance(3539);
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-1");
    clock.advance(1);
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
    assert_eq!(stored(&oauth).await, "r3fresh-2");
}

// https://apidocs.bitrix24.com/settings/oauth/auto-renewal.html
#[tokio::test(start_paused = true)]
async fn a_renewal_is_a_form_with_nothing_in_the_address() {
    let server = Server::new([Step::Answer(200, pair(2))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    oauth.authorize().await.unwrap();
    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.uri.as_str()), ("POST", "https://oauth.bitrix.info/oauth/token/"));
    assert_eq!(seen.content_type, "application/x-www-form-urlencoded");
    let want = [
        ("grant_type", "refresh_token"),
        ("client_id", "app.1"),
        ("client_secret", "clientS3cr3t"),
        ("refresh_token", "r3fresh-1"),
    ];
    assert_eq!(seen.form, want.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

// Defect 2 of the official SDK: v2 and v3 sent the same refresh token twice.
#[tokio::test(start_paused = true)]
async fn all_who_need_it_wait_for_one_renewal() {
    let server = Server::new([Step::Later(Duration::from_millis(100), 200, pair(2))]);
    let oauth = OAuth::new(server.app(&Clock::new()), params()).unwrap();
    let refused = oauth.authorize().await.unwrap();
    let clones: Vec<_> = (0..1000).map(|_| oauth.clone().renew(&refused)).collect();
    for grant in futures_util::future::join_all(clones).await {
        assert_eq!(token(&grant.unwrap()), "acc3ss-2");
    }
    // One that comes in late is about what has been replaced.
    assert_eq!(token(&oauth.renew(&refused).await.unwrap()), "acc3ss-2");
    assert_eq!(server.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_survives_all_who_wait_for_it() {
    let server = Server::new([Step::Later(Duration::from_secs(5), 200, pair(2))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), oauth.authorize()).await.is_err());
    oauth.settled().await;
    assert_eq!((stored(&oauth).await.as_str(), server.asked()), ("r3fresh-2", 1));
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_its_runtime_cuts_off_is_begun_again() {
    let server = Server::new([Step::Silent, Step::Answer(200, pair(2))]);
    let other = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store).runtime(other.handle().clone());
    let oauth = oauth.open(key()).await.unwrap();
    let waiting = tokio::spawn(oauth.authorize());
    while server.asked() == 0 {
        tokio::task::yield_now().await;
    }
    other.shutdown_background();
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "RENEWAL_ABORTED"));
    // The runtime is gone for good; nothing hangs.
    assert_eq!(oauth.authorize().await.unwrap_err().code(), "RENEWAL_ABORTED");
}

#[test]
fn without_a_runtime_a_renewal_fails_with_words() {
    let server = Server::new([]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    let error = futures_util::FutureExt::now_or_never(oauth.authorize()).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.code(), error.may_have_run()), (ErrorKind::Auth, "INVALID_CONFIG", false));
}

// https://apidocs.bitrix24.com/settings/oauth/error-codes.html
#[tokio::test(start_paused = true)]
async fn a_refusal_comes_out_with_the_server_s_code_and_is_not_asked_for_again() {
    for (status, code) in [
        (400, "invalid_grant"),
        (200, "wrong_client"),
        (401, "NOT_INSTALLED"),
        (402, "PAYMENT_REQUIRED"),
        (401, "invalid_client"),
    ] {
        let clock = Clock::new();
        let server = Server::new([Step::Answer(status, refusal(code))]);
        let oauth = OAuth::new(server.app(&clock), stale()).unwrap();
        for _ in 0..3 {
            let error = oauth.authorize().await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, code));
            assert_eq!(error.status().unwrap(), status);
            assert!(!error.may_have_run());
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("r3fresh") && !shown.contains("S3cr3t"), "{shown}");
        }
        assert_eq!(server.asked(), 1);
        assert_eq!(stored(&oauth).await, "r3fresh-1", "nothing is overwritten");
        // Somebody may have paid meanwhile.
        clock.advance(31);
        server.then([Step::Answer(200, pair(2))]);
        assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_is_asked_again_with_the_same_token() {
    let page = "<html>Bad gateway</html>".to_owned();
    for first in [Step::Answer(502, page), Step::Lost, Step::Silent, Step::Answer(429, String::new())] {
        let server = Server::new([first, Step::Answer(200, pair(2))]);
        let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
        assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
        let forms: Vec<_> = server.seen().into_iter().map(|seen| seen.form).collect();
        assert_eq!(forms[0], forms[1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_on_failing_is_given_up_and_tried_with_the_next_call() {
    for (step, code, status) in [
        (|| Step::Answer(503, String::new()), "INVALID_RESPONSE", Some(503)),
        (|| Step::Lost, "NETWORK_ERROR", None),
        (|| Step::Silent, "REQUEST_TIMEOUT", None),
    ] as [(fn() -> Step, _, _); 3]
    {
        let server = Server::new([step(), step(), step()]);
        let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
        let error = oauth.authorize().await.unwrap_err();
        assert_eq!((error.code(), error.status().map(|status| status.as_u16())), (code, status));
        server.then([Step::Answer(200, pair(2))]);
        assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_token_reply_overwrites_nothing() {
    for (status, body) in [
        (200, "<html>acc3ss-2</html>".to_owned()),
        (200, String::new()),
        (200, "{}".to_owned()),
        (200, json!({ "access_token": "acc3ss-2", "refresh_token": "r3fresh-2", "member_id": "m2" }).to_string()),
        (302, pair(2)),
        (307, pair(2)),
    ] {
        let server = Server::new([Step::Answer(status, body.clone())]);
        let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
        let error = oauth.authorize().await.unwrap_err();
        let want = if status < 300 { "INVALID_RESPONSE" } else { "REDIRECT_REFUSED" };
        assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, want), "{body}");
        assert!(!format!("{error:?}").contains("acc3ss"));
        assert_eq!(stored(&oauth).await, "r3fresh-1");
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_that_may_be_used_up_says_so() {
    let server = Server::new([Step::Lost, Step::Answer(400, refusal("invalid_grant"))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    let error = oauth.authorize().await.unwrap_err();
    assert_eq!(error.code(), "invalid_grant");
    assert!(error.message().contains("an earlier send"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_early_renewal_that_fails_costs_no_call() {
    let clock = Clock::new();
    let server = Server::new([Step::Lost, Step::Lost, Step::Lost]);
    let oauth = OAuth::new(server.app(&clock), params()).unwrap();
    clock.advance(3550);
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-1");
    // Not asked again with each call.
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-1");
    assert_eq!(server.asked(), 3);
    clock.advance(10);
    server.then([Step::Answer(200, pair(2))]);
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_wrong_by_an_hour_renews_once_and_not_before_every_call() {
    for ahead in [true, false] {
        let clock = Clock::new();
        // The server's own clock says NOW; ours is an hour off.
        let tokens = params_of(&json!({ "expires": NOW + 3600, "expiresIn": 3600 }));
        let clock_ahead = if ahead { 3600 } else { 0 };
        clock.advance(clock_ahead);
        let expires = if ahead { NOW + 3600 } else { NOW - 3600 };
        let mut reply = support::reply(2);
        reply["expires"] = expires.into();
        let server = Server::new([Step::Answer(200, reply.to_string())]);
        let oauth = OAuth::new(server.app(&clock), tokens).unwrap();
        let first = oauth.authorize().await.unwrap();
        let grant = if ahead { first } else { oauth.renew(&first).await.unwrap() };
        assert_eq!(token(&grant), "acc3ss-2");
        for _ in 0..3 {
            assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
        }
        assert_eq!(server.asked(), 1, "ahead: {ahead}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_another_process_has_renewed_is_taken_over() {
    let server = Server::new([]);
    let first = TokenRecord::new(params());
    let store = MemoryStore::new().with(key(), first.clone());
    let oauth = OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key()).await.unwrap();
    let refused = oauth.authorize().await.unwrap();
    let newer = first.next(params_of(&json!({ "accessToken": "acc3ss-9" })));
    store.save(&key(), &newer, Some(first.generation())).await.unwrap();
    assert_eq!(token(&oauth.renew(&refused).await.unwrap()), "acc3ss-9");
    assert_eq!(server.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn two_that_share_a_store_renew_once() {
    let server = Server::new([Step::Later(Duration::from_secs(1), 200, pair(2))]);
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let open = || OAuth::builder(server.app(&Clock::new())).store(store.clone()).open(key());
    let (one, two) = (open().await.unwrap(), open().await.unwrap());
    let (first, second) = tokio::join!(one.authorize(), two.authorize());
    assert_eq!((token(&first.unwrap()), token(&second.unwrap())), ("acc3ss-2", "acc3ss-2"));
    assert_eq!(server.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_new_pair_is_stored_then_told_of_then_used() {
    let server = Server::new([Step::Answer(200, pair(2))]);
    let store = MemoryStore::new().with(key(), TokenRecord::new(stale()));
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (ear, shelf) = (Arc::clone(&heard), store.clone());
    let oauth = OAuth::builder(server.app(&Clock::new()))
        .on_renewal(move |params| {
            let (ear, shelf) = (Arc::clone(&ear), shelf.clone());
            async move {
                let stored = shelf.load(&key()).await.unwrap().unwrap();
                let same = stored.params().access_token().expose() == params.access_token().expose();
                ear.lock().unwrap().push((params.refresh_token().expose().to_owned(), same));
            }
        })
        .store(store)
        .open(key())
        .await
        .unwrap();
    oauth.authorize().await.unwrap();
    assert_eq!(*heard.lock().unwrap(), [("r3fresh-2".to_owned(), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_callback_that_panics_costs_nothing() {
    let server = Server::new([Step::Answer(200, pair(2))]);
    let oauth = OAuth::builder(server.app(&Clock::new())).on_renewal(|_| async { panic!("a mistake") });
    let oauth = oauth.start(stale()).unwrap();
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
}

#[tokio::test(start_paused = true)]
async fn tokens_can_be_renewed_another_way() {
    let server = Server::new([]);
    let oauth = OAuth::builder(server.app(&Clock::new())).refresh_with(|old| async move {
        assert_eq!(old.refresh_token().expose(), "r3fresh-1");
        TokenReply::from_json(pair(2).as_bytes())
    });
    let oauth = oauth.start(stale()).unwrap();
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-2");
    let failing = OAuth::builder(server.app(&Clock::new()))
        .refresh_with(|_| async { Err(Error::auth("VAULT_SEALED", "the vault is sealed")) });
    let error = failing.start(stale()).unwrap().authorize().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "VAULT_SEALED"));
    assert_eq!(server.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_nobody_knows_is_told_no_secret() {
    let server = Server::new([]);
    for (portal, auth) in [
        ("https://p.bitrix24.com/rest/", "https://oauth.evil.com/rest/"),
        ("https://p.bitrix24.com/rest/", "https://bitrix.info.evil.com/rest/"),
        ("https://p.bitrix24.com/rest/", "http://127.0.0.1:8080/rest/"),
        ("http://127.0.0.1:8080/rest/", "https://oauth.bitrix.info/rest/"),
    ] {
        let tokens = params_of(&json!({ "clientEndpoint": portal, "serverEndpoint": auth }));
        let error = OAuth::new(server.app(&Clock::new()), tokens).unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "UNTRUSTED_SERVER"), "{portal} {auth}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_can_move_the_portal_and_no_secret_follows_a_stranger() {
    let mut moved = support::reply(2);
    moved["client_endpoint"] = "https://renamed.bitrix24.com/rest/".into();
    moved["server_endpoint"] = "https://oauth.evil.com/rest/".into();
    let server = Server::new([Step::Answer(200, moved.to_string()), Step::Answer(200, pair(3))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    let grant = oauth.authorize().await.unwrap();
    assert_eq!(grant.portal().to_string(), "https://renamed.bitrix24.com");
    oauth.renew(&grant).await.unwrap();
    assert!(server.seen().iter().all(|seen| seen.uri == "https://oauth.bitrix.info/oauth/token/"));
}

#[tokio::test(start_paused = true)]
async fn a_new_installation_replaces_tokens_that_are_dead() {
    let server = Server::new([Step::Answer(400, refusal("invalid_grant"))]);
    let oauth = OAuth::new(server.app(&Clock::new()), stale()).unwrap();
    oauth.authorize().await.unwrap_err();
    oauth.install(params_of(&json!({ "accessToken": "acc3ss-7" }))).await.unwrap();
    assert_eq!(token(&oauth.authorize().await.unwrap()), "acc3ss-7");
    let foreign = oauth.install(params_of(&json!({ "memberId": "m2" }))).await.unwrap_err();
    assert_eq!(foreign.code(), "INVALID_OAUTH_PARAMS");
}

#[tokio::test(start_paused = true)]
async fn debug_shows_no_token() {
    let server = Server::new([]);
    let oauth = OAuth::new(server.app(&Clock::new()), params()).unwrap();
    let shown = format!("{oauth:?} {:?} {:?} {:?}", oauth.app(), oauth.params().await.unwrap(), oauth.authorize());
    assert!(!shown.contains("acc3ss") && !shown.contains("r3fresh") && !shown.contains("S3cr3t"), "{shown}");
}
