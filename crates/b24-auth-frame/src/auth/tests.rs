//! Tokens that end, are refused, and are asked for.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use b24_core::Credential;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Page, init};

fn token(grant: &Grant) -> &str {
    match grant.credential() {
        Credential::Token(token) => token.expose(),
        other => panic!("{other:?}"),
    }
}

fn tokens(access: &str) -> Value {
    json!({ "AUTH_ID": access, "AUTH_EXPIRES": "3600", "REFRESH_ID": "r" })
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_good_token_is_handed_out_at_once() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let grant = frame.auth().authorize().await.unwrap();
    assert_eq!((token(&grant), grant.generation()), ("first", 1));
    assert!(page.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn a_hundred_refused_calls_make_one_refresh() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let refused = frame.auth().authorize().await.unwrap();
    let renewals = join_all((0..100).map(|_| frame.auth().clone().renew(&refused)));
    let answered = async {
        let told = page.told().await;
        assert_eq!(told.command, "refreshAuth");
        pass(Duration::from_secs(1)).await;
        page.answer(&told, &tokens("second"));
    };
    let (grants, ()) = tokio::join!(renewals, answered);
    assert!(grants.into_iter().all(|grant| token(&grant.unwrap()) == "second"));
    assert!(page.is_quiet());
    // One whose refusal comes in late takes what is there.
    assert_eq!(token(&frame.auth().renew(&refused).await.unwrap()), "second");
    assert!(page.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_sixty_seconds_before_its_end() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    pass(Duration::from_secs(3539)).await;
    assert_eq!(token(&frame.auth().authorize().await.unwrap()), "first");
    pass(Duration::from_secs(1)).await;
    let answered = async {
        let told = page.told().await;
        page.answer(&told, &tokens("second"));
    };
    let (grant, ()) = tokio::join!(frame.auth().authorize(), answered);
    assert_eq!(token(&grant.unwrap()), "second");
}

#[tokio::test(start_paused = true)]
async fn a_silent_page_costs_no_call_while_the_token_is_good() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    pass(Duration::from_secs(3540)).await;
    assert_eq!(token(&frame.auth().authorize().await.unwrap()), "first");
    page.told().await;
    // It is not asked again at once.
    assert_eq!(token(&frame.auth().authorize().await.unwrap()), "first");
    assert!(page.is_quiet());
    pass(Duration::from_secs(60)).await;
    let error = frame.auth().authorize().await.unwrap_err();
    assert_eq!(error.code(), "FRAME_NO_ANSWER");
    assert!(!error.may_have_run());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_waits_for_is_used_by_the_next_call() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let refused = frame.auth().authorize().await.unwrap();
    let hasty = tokio::time::timeout(Duration::from_secs(1), frame.auth().renew(&refused)).await;
    assert!(hasty.is_err());
    let told = page.told().await;
    page.answer(&told, &tokens("second"));
    pass(Duration::from_secs(100)).await;
    assert_eq!(token(&frame.auth().renew(&refused).await.unwrap()), "second");
    assert!(page.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn a_question_that_nobody_waited_out_is_asked_anew() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let refused = frame.auth().authorize().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), frame.auth().renew(&refused)).await.is_err());
    page.told().await;
    pass(Duration::from_secs(100)).await;
    let answered = async {
        let told = page.told().await;
        page.answer(&told, &tokens("second"));
    };
    let (grant, ()) = tokio::join!(frame.auth().renew(&refused), answered);
    assert_eq!(token(&grant.unwrap()), "second");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_token_that_nobody_has_said_is_its_refusal() {
    for expires in [json!(null), json!("soon")] {
        let mut init = init();
        init["AUTH_EXPIRES"] = expires;
        let (mut page, frame) = Page::with_frame(&init).await;
        pass(Duration::from_secs(1_000_000)).await;
        assert_eq!(token(&frame.auth().authorize().await.unwrap()), "first");
        assert!(page.is_quiet());
    }
}

#[tokio::test(start_paused = true)]
async fn what_no_renewal_heals_is_not_renewed_for_thirty_seconds() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let auth = frame.auth();
    let refused = auth.authorize().await.unwrap();
    let answered = async {
        let told = page.told().await;
        page.answer(&told, &tokens("second"));
    };
    let (second, ()) = tokio::join!(auth.renew(&refused), answered);
    let second = second.unwrap();
    auth.refused_again(&second);
    assert_eq!(auth.renew(&second).await.unwrap().generation(), second.generation());
    assert!(page.is_quiet());
    pass(Duration::from_secs(30)).await;
    auth.renew(&second).await.unwrap_err();
    assert_eq!(page.told().await.command, "refreshAuth");
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_token_fails_the_call_and_not_the_next() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let refused = frame.auth().authorize().await.unwrap();
    for (answer, good) in [(json!({}), false), (json!(null), false), (tokens("second"), true)] {
        let answered = async {
            let told = page.told().await;
            page.answer(&told, &answer);
        };
        let (grant, ()) = tokio::join!(frame.auth().renew(&refused), answered);
        match grant {
            Ok(grant) => assert!(good && token(&grant) == "second"),
            Err(error) => assert!(!good && error.code() == "FRAME_BAD_ANSWER", "{error}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_was_given_up_renews_nothing() {
    let (_page, frame) = Page::with_frame(&init()).await;
    let refused = frame.auth().authorize().await.unwrap();
    frame.destroy();
    assert_eq!(token(&frame.auth().authorize().await.unwrap()), "first");
    assert_eq!(frame.auth().renew(&refused).await.unwrap_err().code(), "FRAME_DESTROYED");
}

#[tokio::test(start_paused = true)]
async fn debug_shows_no_token() {
    let (_page, frame) = Page::with_frame(&init()).await;
    let shown = format!("{frame:?} {:?} {:?}", frame.auth(), frame.auth().authorize().await);
    assert!(!shown.contains("first"), "{shown}");
}
