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
async fn a_new_token_is_asked_for_sixty_seconds_before_the_end_of_the_old_one() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    pass(Duration::from_secs(3539)).await;
    assert_eq!(token(&frame.auth().authorize().await.unwrap()), "first");
    assert!(page.is_quiet());
    pass(Duration::from_secs(1)).await;
    // It is not waited for.
    assert_eq!(token(&frame.auth().authorize().now_or_never().unwrap().unwrap()), "first");
    let told = page.told().await;
    page.answer(&told, &tokens("second"));
    assert_eq!(token(&frame.auth().authorize().now_or_never().unwrap().unwrap()), "second");
    assert!(page.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn a_silent_page_costs_no_call_and_no_time_while_the_token_is_good() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    pass(Duration::from_secs(3540)).await;
    let mut asked = 0;
    for _ in 0..60 {
        assert_eq!(token(&frame.auth().authorize().now_or_never().unwrap().unwrap()), "first");
        if !page.is_quiet() {
            asked += 1;
        }
        pass(Duration::from_secs(1)).await;
    }
    // It says that it cannot renew with an alert each time it is asked.
    assert_eq!(asked, 2);
    let start = Instant::now();
    let error = frame.auth().authorize().await.unwrap_err();
    assert_eq!(error.code(), "FRAME_NO_ANSWER");
    assert!(!error.may_have_run() && start.elapsed() <= Duration::from_secs(10));
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
async fn an_answer_that_has_lain_there_for_longer_than_its_life_is_not_used() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let refused = frame.auth().authorize().await.unwrap();
    assert!(tokio::time::timeout(Duration::from_secs(1), frame.auth().renew(&refused)).await.is_err());
    let told = page.told().await;
    page.answer(&told, &tokens("second"));
    pass(Duration::from_secs(4000)).await;
    let answered = async {
        let told = page.told().await;
        page.answer(&told, &tokens("third"));
    };
    let (grant, ()) = tokio::join!(frame.auth().renew(&refused), answered);
    assert_eq!(token(&grant.unwrap()), "third");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_comes_in_late_does_not_get_a_token_whose_time_is_over() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let refused = frame.auth().authorize().await.unwrap();
    for next in ["second", "third"] {
        let answered = async {
            let told = page.told().await;
            page.answer(&told, &tokens(next));
        };
        let (grant, ()) = tokio::join!(frame.auth().renew(&refused), answered);
        assert_eq!(token(&grant.unwrap()), next);
        pass(Duration::from_secs(3600)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_old_token_that_is_refused_twice_may_still_be_renewed() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let auth = frame.auth();
    let refused = auth.authorize().await.unwrap();
    for next in ["second", "third"] {
        let answered = async {
            let told = page.told().await;
            page.answer(&told, &tokens(next));
        };
        let live = auth.authorize().await.unwrap();
        let (grant, ()) = tokio::join!(auth.renew(&live), answered);
        assert_eq!(token(&grant.unwrap()), next);
        // Half an hour later somebody revokes it, and a call that has waited for long meets that.
        pass(Duration::from_secs(1800)).await;
        let late = auth.renew(&refused).await.unwrap();
        assert_eq!(token(&late), next);
        auth.refused_again(&late);
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_word_on_an_old_token_says_nothing_about_the_new_one() {
    let (mut page, frame) = Page::with_frame(&init()).await;
    let auth = frame.auth();
    let first = auth.authorize().await.unwrap();
    let answered = async {
        let told = page.told().await;
        page.answer(&told, &tokens("second"));
    };
    let (second, ()) = tokio::join!(auth.renew(&first), answered);
    let second = second.unwrap();
    auth.refused_again(&second);
    auth.refused_again(&first);
    assert_eq!(auth.renew(&second).await.unwrap().generation(), second.generation());
    assert!(page.is_quiet());
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

#[test]
fn threads_that_are_refused_at_once_share_a_refresh() {
    const ROUNDS: u64 = 300;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (mut page, frame) = runtime.block_on(Page::with_frame(&init()));
    let workers = (0..8).map(|_| {
        let (auth, handle) = (frame.auth().clone(), runtime.handle().clone());
        let (done, is_done) = futures_channel::oneshot::channel();
        std::thread::spawn(move || {
            for round in 1..=ROUNDS {
                let grant = handle.block_on(auth.authorize()).unwrap();
                if grant.generation() != round {
                    continue;
                }
                // Some give up at once.
                let hasty = handle.block_on(async { auth.renew(&grant).now_or_never() });
                drop(hasty);
                assert!(handle.block_on(auth.renew(&grant)).unwrap().generation() > round);
            }
            done.send(()).unwrap();
        });
        is_done
    });
    let all_done = join_all(workers);
    let answered = async {
        for _ in 0..ROUNDS {
            let told = page.told().await;
            page.answer(&told, &tokens("next"));
        }
    };
    let start = Instant::now();
    let both =
        async { tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(all_done, answered) }).await };
    let (done, ()) = runtime.block_on(both).unwrap();
    // No wake-up was lost: then it would end with the wait for the page, after ten seconds.
    assert!(done.iter().all(Result::is_ok) && start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert!(page.is_quiet());
    let last = runtime.block_on(frame.auth().authorize()).unwrap();
    assert_eq!((last.generation(), page.conversation.waiting()), (ROUNDS + 1, 0));
}
