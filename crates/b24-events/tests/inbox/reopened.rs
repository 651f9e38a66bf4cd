//! What is there after the process has ended; and what happens while it ends.

use std::{future::poll_fn, path::Path, sync::Arc, task::Poll};

use b24_core::Secret;
use b24_events::{
    ApplicationToken, EventService, Inbox, SqliteInbox,
    inbox::{Durability, InboxErrorKind, InboxFuture},
};

use super::{at, bodies, event, letter, take_one};

#[tokio::test]
async fn whatever_was_not_acknowledged_is_there_again_with_its_attempts() {
    for durability in [Durability::PowerLoss, Durability::ProcessDeath] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.db");
        let inbox = SqliteInbox::builder().durability(durability).open(&path).unwrap();
        for body in ["done", "postponed", "taken", "buried", "fresh"] {
            inbox.append(letter(body)).await.unwrap();
        }
        let taken = inbox.take(4, at(1)).await.unwrap().letters;
        inbox.acknowledge(taken[0].id, Some(event(1)), at(2)).await.unwrap();
        for due in [3, 60] {
            inbox.postpone(taken[1].id, at(due)).await.unwrap();
        }
        inbox.bury(taken[3].id).await.unwrap();
        drop(inbox);

        let inbox = opened_again(&path).await;
        assert_eq!(inbox.waiting().await.unwrap(), 3);
        assert!(inbox.was_handled(event(1), at(3)).await.unwrap());
        let taken = inbox.take(10, at(59)).await.unwrap();
        assert_eq!(bodies(&taken), ["taken", "fresh"]);
        assert_eq!(taken.next_due, Some(at(60)));
        let taken = inbox.take(10, at(60)).await.unwrap();
        assert_eq!(bodies(&taken), ["postponed"]);
        assert_eq!(taken.letters[0].attempts, 2);
        inbox.append(letter("new")).await.unwrap();
        assert_eq!(bodies(&inbox.take(10, at(60)).await.unwrap()), ["new"]);
    }
}

#[tokio::test]
async fn the_size_of_what_waits_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let open = || SqliteInbox::builder().capacity(2 * 256 + 10).open(&path);
    let inbox = open().unwrap();
    inbox.append(letter("0123456789")).await.unwrap();
    inbox.close().await.unwrap();
    let inbox = open().unwrap();
    assert_eq!(inbox.append(letter("0")).await.unwrap_err().kind(), InboxErrorKind::Full);
    inbox.append(letter("")).await.unwrap();
}

#[tokio::test]
async fn a_buried_letter_can_be_seen_revived_and_discarded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    for body in ["a", "b", "c"] {
        inbox.append(letter(body)).await.unwrap();
    }
    let taken = inbox.take(10, at(1)).await.unwrap().letters;
    inbox.postpone(taken[0].id, at(1)).await.unwrap();
    for dead in &taken[..2] {
        inbox.bury(dead.id).await.unwrap();
    }
    inbox.close().await.unwrap();

    let inbox = SqliteInbox::open(&path).unwrap();
    let buried = inbox.buried(10).await.unwrap();
    let found: Vec<_> = buried.iter().map(|buried| (buried.id, &buried.letter.body[..], buried.attempts)).collect();
    assert_eq!(found, [(taken[0].id, &b"a"[..], 1), (taken[1].id, b"b", 0)]);
    assert_eq!(inbox.buried(1).await.unwrap().len(), 1);
    assert_eq!(bodies(&inbox.take(10, at(9)).await.unwrap()), ["c"]);

    assert!(!inbox.revive(taken[2].id).await.unwrap(), "it waits");
    assert!(!inbox.discard(taken[2].id).await.unwrap(), "it waits");
    inbox.acknowledge(taken[0].id, None, at(1)).await.unwrap();
    assert!(inbox.discard(taken[1].id).await.unwrap());
    assert!(!inbox.discard(taken[1].id).await.unwrap());
    assert!(inbox.revive(taken[0].id).await.unwrap());
    assert!(inbox.buried(10).await.unwrap().is_empty());
    assert_eq!(inbox.waiting().await.unwrap(), 2);
    let revived = inbox.take(10, at(1)).await.unwrap();
    assert_eq!(bodies(&revived), ["a"]);
    assert_eq!(revived.letters[0].attempts, 0);
}

#[tokio::test]
async fn a_buried_letter_is_revived_under_a_worker_that_works() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = Arc::new(SqliteInbox::open(folder.path().join("events.db")).unwrap());
    inbox.append(letter("event=X&auth[application_token]=t0ken")).await.unwrap();
    let id = take_one(&*inbox, at(1)).await;
    inbox.bury(id).await.unwrap();
    let (service, worker) = EventService::builder(ApplicationToken::new(Secret::from("t0ken")))
        .inbox(Arc::clone(&inbox))
        .on_any(|_| async { Ok(()) })
        .build()
        .unwrap();
    let work = tokio::spawn(worker.run());
    assert_eq!(inbox.buried(10).await.unwrap().len(), 1);
    assert!(inbox.revive(id).await.unwrap());
    service.wake();
    while inbox.waiting().await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(service.stats().handled, 1);
    work.abort();
}

#[tokio::test]
async fn a_future_that_is_dropped_costs_nobody_else_anything() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = SqliteInbox::open(folder.path().join("events.db")).unwrap();
    for _ in 0..2000 {
        begun(&mut inbox.append(letter("dropped"))).await;
    }
    inbox.append(letter("kept")).await.unwrap();
    let taken = inbox.take(10_000, at(1)).await.unwrap();
    assert_eq!(bodies(&taken).last().unwrap(), "kept");
}

#[tokio::test]
async fn what_was_asked_for_before_the_inbox_was_dropped_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    let mut appends: Vec<_> = (0..100).map(|_| inbox.append(letter("a"))).collect();
    for append in &mut appends {
        begun(append).await;
    }
    drop(appends);
    drop(inbox);
    assert_eq!(opened_again(&path).await.waiting().await.unwrap(), 100);
}

#[tokio::test]
async fn a_closed_inbox_refuses_and_can_be_closed_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    let (before, closed, after) =
        tokio::join!(inbox.append(letter("before")), inbox.close(), inbox.append(letter("after")));
    before.unwrap();
    closed.unwrap();
    assert_eq!(after.unwrap_err().kind(), InboxErrorKind::Failed);
    inbox.close().await.unwrap();
    let failed = |kind| assert_eq!(kind, InboxErrorKind::Failed);
    failed(inbox.waiting().await.unwrap_err().kind());
    failed(inbox.was_handled(event(1), at(1)).await.unwrap_err().kind());
    failed(inbox.take(1, at(1)).await.unwrap_err().kind());
    assert_eq!(SqliteInbox::open(&path).unwrap().waiting().await.unwrap(), 1);
}

/// Polls once: the command is on its way. Whether it is done already.
async fn begun(work: &mut InboxFuture<'_, ()>) -> bool {
    poll_fn(|context| Poll::Ready(work.as_mut().poll(context).is_ready())).await
}

/// The thread of a dropped inbox closes the file in its own time.
async fn opened_again(path: &Path) -> SqliteInbox {
    loop {
        match SqliteInbox::open(path) {
            Err(error) if error.kind() == InboxErrorKind::InUse => tokio::task::yield_now().await,
            opened => return opened.unwrap(),
        }
    }
}
