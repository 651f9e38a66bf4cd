//! A conversation with a page that answers well, badly, late, or not at all.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use futures_util::FutureExt;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::testing::{PORTAL, Page};

#[tokio::test(start_paused = true)]
async fn an_answer_finds_the_one_who_asked() {
    let mut page = Page::new();
    let talk = page.conversation.clone();
    let (one, two) = (Command::GET_INTERFACE, Command::REFRESH_AUTH);
    let asked = async { tokio::join!(talk.ask(&one, Payload::Nothing), talk.ask(&two, Payload::Nothing)) };
    let answered = async {
        let (first, second) = (page.told().await, page.told().await);
        // In the other order.
        page.answer(&second, &json!(2));
        page.answer(&first, &json!(1));
    };
    let ((first, second), ()) = tokio::join!(asked, answered);
    assert_eq!((first.unwrap(), second.unwrap()), (json!(1), json!(2)));
    assert_eq!(talk.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_never_answers_is_given_up_after_ten_seconds() {
    let page = Page::new();
    let start = tokio::time::Instant::now();
    let error = page.conversation.ask(&Command::REFRESH_AUTH, Payload::Nothing).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert!(matches!(error, FrameError::NoAnswer { .. }), "{error}");
    assert_eq!(page.conversation.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_no_page_has_to_answer_counts_as_posted() {
    let page = Page::new();
    let start = tokio::time::Instant::now();
    let delivery = page.conversation.post(&Command::SET_TITLE, Payload::Nothing).await.unwrap();
    assert_eq!((delivery, start.elapsed()), (Delivery::Posted, Duration::from_millis(900)));
    assert_eq!(page.conversation.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_second_answer_and_a_late_one_are_dropped() {
    let mut page = Page::new();
    let talk = page.conversation.clone();
    let answered = async {
        let told = page.told().await;
        assert_eq!(page.answer(&told, &json!(1)), Received::Delivered);
        assert_eq!(page.answer(&told, &json!(2)), Received::Unknown);
    };
    let (answer, ()) = tokio::join!(talk.ask(&Command::GET_INTERFACE, Payload::Nothing), answered);
    assert_eq!(answer.unwrap(), json!(1));
    talk.ask(&Command::GET_INTERFACE, Payload::Nothing).await.unwrap_err();
    let told = page.told().await;
    assert_eq!(page.answer(&told, &json!(3)), Received::Unknown);
    assert_eq!(page.say("nobody:1"), Received::Unknown);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_cut_off_rejects_the_one_who_waits() {
    let mut page = Page::new();
    let talk = page.conversation.clone();
    let answered = async {
        let told = page.told().await;
        page.say(&format!(r#"{}:{{"AUTH_ID":"s3cr3t"#, told.key));
    };
    let (answer, ()) = tokio::join!(talk.ask(&Command::REFRESH_AUTH, Payload::Nothing), answered);
    let error = answer.unwrap_err();
    assert!(matches!(error, FrameError::BadAnswer { .. }) && !error.to_string().contains("s3cr3t"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_origin_is_dropped_and_the_portals_answer_still_counts() {
    let mut page = Page::new();
    let talk = page.conversation.clone();
    let answered = async {
        let told = page.told().await;
        let forged = format!("{}:{}", told.key, json!("forged"));
        assert_eq!(talk.receive("https://evil.com", &forged), Received::Foreign);
        assert_eq!(talk.receive("https://evil.com", &forged), Received::Foreign);
        page.answer(&told, &json!("true"));
    };
    let (answer, ()) = tokio::join!(talk.ask(&Command::GET_INTERFACE, Payload::Nothing), answered);
    assert_eq!(answer.unwrap(), json!("true"));
}

#[tokio::test(start_paused = true)]
async fn giving_up_tells_all_who_wait_and_ends_events() {
    let mut page = Page::new();
    let talk = page.conversation.clone();
    let mut events = talk.events(&Command::PLACEMENT_BIND_EVENT, Payload::Nothing).unwrap();
    let destroyed = async {
        let _ = (page.told().await, page.told().await);
        talk.destroy();
    };
    let (answer, ()) = tokio::join!(talk.ask(&Command::GET_INTERFACE, Payload::Nothing), destroyed);
    assert_eq!(answer, Err(FrameError::Destroyed));
    assert_eq!(events.next().await, None);
    assert_eq!(talk.ask(&Command::GET_INTERFACE, Payload::Nothing).await, Err(FrameError::Destroyed));
    assert!(talk.events(&Command::GET_INTERFACE, Payload::Nothing).is_err());
    assert!(talk.is_destroyed());
}

#[tokio::test(start_paused = true)]
async fn events_come_under_one_key_until_they_are_dropped() {
    let mut page = Page::new();
    let mut events = page.conversation.events(&Command::PLACEMENT_BIND_EVENT, Payload::Nothing).unwrap();
    let told = page.told().await;
    for event in [json!(1), json!({ "a": 2 }), Value::Null] {
        assert_eq!(page.answer(&told, &event), Received::Delivered);
        assert_eq!(events.next().await, Some(event));
    }
    // One that is no JSON does not end them.
    assert_eq!(page.say(&format!("{}:{{", told.key)), Received::Delivered);
    page.answer(&told, &json!(3));
    assert_eq!(events.next().await, Some(json!(3)));
    drop(events);
    assert_eq!(page.conversation.waiting(), 0);
    assert_eq!(page.answer(&told, &json!(4)), Received::Unknown);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_question_leaves_nothing_behind() {
    let page = Page::new();
    let command = Command::SELECT_USER;
    let mut asked = Box::pin(page.conversation.ask(&command, Payload::Nothing));
    assert!(asked.as_mut().now_or_never().is_none());
    assert_eq!(page.conversation.waiting(), 1);
    drop(asked);
    assert_eq!(page.conversation.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_outbox_ends_with_the_last_handle() {
    let Page { conversation, .. } = Page::new();
    let (other, mut outbox) = Conversation::new(conversation.name().clone());
    let weak = other.downgrade();
    drop(other);
    assert!(weak.upgrade().is_none());
    assert_eq!(outbox.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn whoever_carries_messages_may_come_back_while_one_is_sent() {
    struct Carrier(Conversation);
    impl std::task::Wake for Carrier {
        fn wake(self: Arc<Self>) {
            assert!(!self.0.is_destroyed());
            self.0.receive(PORTAL, "nobody:1");
        }
    }
    let (talk, mut outbox) = Conversation::new(FrameName::parse("p.bitrix24.com|1|sid").unwrap());
    let waker = std::task::Waker::from(Arc::new(Carrier(talk.clone())));
    let mut next = Box::pin(outbox.next());
    assert!(next.poll_unpin(&mut std::task::Context::from_waker(&waker)).is_pending());
    let mut asked = Box::pin(talk.ask(&Command::GET_INTERFACE, Payload::Nothing));
    assert!(asked.as_mut().now_or_never().is_none());
    drop(next);
    assert!(outbox.next().now_or_never().is_some());
    assert!(outbox.next().now_or_never().is_none());
    let mut next = Box::pin(outbox.next());
    assert!(next.poll_unpin(&mut std::task::Context::from_waker(&waker)).is_pending());
    let events = talk.events(&Command::PLACEMENT_BIND_EVENT, Payload::Nothing).unwrap();
    drop((next, events, asked));
    assert_eq!(talk.waiting(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_where_nothing_carries_messages() {
    let (talk, outbox) = Conversation::new(FrameName::parse("p.bitrix24.com|1|sid").unwrap());
    drop(outbox);
    assert_eq!(talk.ask(&Command::GET_INTERFACE, Payload::Nothing).await, Err(FrameError::Destroyed));
    assert!(talk.events(&Command::PLACEMENT_BIND_EVENT, Payload::Nothing).is_err());
    assert_eq!(talk.waiting(), 0);
}

#[test]
fn everything_may_cross_threads() {
    fn is_send_and_sync<T: Send + Sync>(_: impl FnOnce() -> T) {}
    fn is_send<T: Send>(_: impl FnOnce(&'static Conversation) -> T) {}
    is_send_and_sync(|| -> Conversation { unreachable!() });
    is_send_and_sync(|| -> Events { unreachable!() });
    is_send_and_sync(|| -> crate::Frame { unreachable!() });
    is_send_and_sync(|| -> crate::FrameAuth { unreachable!() });
    is_send(|talk| crate::Frame::open(talk.clone()));
    is_send(|talk| talk.ask(&Command::GET_INTERFACE, Payload::Nothing));
}

proptest! {
    #[test]
    fn no_message_makes_it_panic_and_each_settles_at_most_one_wait(
        messages in prop::collection::vec((any::<bool>(), 0_usize..4, ".{0,30}"), 0..20),
    ) {
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
            let mut page = Page::new();
            let talk = page.conversation.clone();
            let command = Command::GET_INTERFACE;
            let mut waits: Vec<_> = (0..3).map(|_| Box::pin(talk.ask(&command, Payload::Nothing))).collect();
            for wait in &mut waits {
                assert!(wait.as_mut().now_or_never().is_none());
            }
            let keys = [page.told().await.key, page.told().await.key, page.told().await.key, String::new()];
            let mut settled = [false; 3];
            for (own, to, payload) in messages {
                let origin = if own { PORTAL } else { "https://evil.com" };
                let received = talk.receive(origin, &format!("{}:{payload}", keys[to]));
                let open = own && to < 3 && !settled[to];
                assert_eq!(received == Received::Delivered, open);
                if open {
                    settled[to] = true;
                }
            }
            for (wait, settled) in waits.into_iter().zip(settled) {
                assert_eq!(wait.now_or_never().is_some(), settled);
            }
        });
    }
}
