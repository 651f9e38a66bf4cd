//! An application in a frame, with the whole stack and without a browser: the test is the page around it, and takes its
//! tokens from the portal.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use b24::{
    B24, ErrorKind, Frame,
    frame::{
        Conversation,
        protocol::{FrameName, Outgoing},
    },
};
use b24_portal::{Limits, Portal};
use futures_util::future::join_all;
use serde_json::{Value, json};

/// A page that knows two commands.
struct Page {
    portal: Arc<Portal>,
    refreshed: Arc<AtomicUsize>,
}

/// Whether the page renews tokens.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Renews,
    IsSilent,
}

impl Page {
    async fn open(manner: Manner) -> (Self, B24) {
        let portal = Arc::new(Portal::builder().limits(Limits::off()).in_process());
        let domain = portal.url().strip_prefix("https://").unwrap().to_owned();
        let (conversation, mut outbox) = Conversation::new(FrameName::parse(&format!("{domain}|1|sid")).unwrap());
        let refreshed = Arc::new(AtomicUsize::new(0));
        let (page, count) = (Arc::clone(&portal), Arc::clone(&refreshed));
        let heard = conversation.downgrade();
        tokio::spawn(async move {
            while let Some(message) = outbox.next().await {
                let Outgoing::Text(text) = message else { panic!("{message:?}") };
                let (command, key) = (text.split(':').next().unwrap(), text.rsplit(':').nth(1).unwrap());
                if command == "refreshAuth" {
                    count.fetch_add(1, Ordering::SeqCst);
                    if manner == Manner::IsSilent {
                        continue;
                    }
                }
                let tokens = page.install(1);
                let answer = json!({ "AUTH_ID": tokens.access_token(), "AUTH_EXPIRES": "3600", "MEMBER_ID": "m" });
                if let Some(conversation) = heard.upgrade() {
                    conversation.receive(page.url(), &format!("{key}:{answer}"));
                }
            }
        });
        let frame = Frame::open(conversation).await.unwrap();
        let b24 = B24::builder().http_client(portal.service()).frame(&frame);
        (Self { portal, refreshed }, b24)
    }

    fn refreshed(&self) -> usize {
        self.refreshed.load(Ordering::SeqCst)
    }
}

async fn id(b24: &B24) -> Result<Value, b24::Error> {
    Ok(b24.v2().call("profile").send::<Value>().await?.result["ID"].clone())
}

async fn task(b24: &B24) -> Result<Value, b24::Error> {
    let task = b24.v3().call("tasks.task.get").params(json!({ "id": 1, "select": ["id"] }));
    Ok(task.send::<Value>().await?.result["item"]["id"].clone())
}

#[tokio::test(start_paused = true)]
async fn a_frame_calls_both_generations() {
    let (page, b24) = Page::open(Manner::Renews).await;
    assert_eq!((id(&b24).await.unwrap(), task(&b24).await.unwrap()), (json!("1"), json!(1)));
    assert_eq!((page.refreshed(), page.portal.requests().len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn both_generations_expire_together_and_are_refreshed_once() {
    let (page, b24) = Page::open(Manner::Renews).await;
    for round in 1..=3 {
        page.portal.expire_access_tokens();
        let old = join_all((0..50).map(|_| id(&b24)));
        let new = join_all((0..50).map(|_| task(&b24)));
        let (old, new) = tokio::join!(old, new);
        assert!(old.into_iter().all(|id| id.unwrap() == "1") && new.into_iter().all(|id| id.unwrap() == 1));
        assert_eq!(page.refreshed(), round);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_token_is_not_renewed_was_not_sent_twice() {
    let (page, b24) = Page::open(Manner::IsSilent).await;
    page.portal.expire_access_tokens();
    let error = id(&b24).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "FRAME_NO_ANSWER"));
    assert!(error.is_retryable() && !error.may_have_run());
    assert_eq!(page.portal.requests().len(), 1);
}
