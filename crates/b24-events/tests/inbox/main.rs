//! What an inbox promises, kept by both; and what only the one in a file has to.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(feature = "sqlite")]
mod file;
#[cfg(feature = "sqlite")]
mod reopened;
mod suite;

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use b24_events::{
    Encoding, Fingerprint, Inbox, MemoryInbox,
    inbox::{Letter, LetterId, Taken},
};

/// An inbox with room for so many bytes, and the folder it lies in.
struct Fresh {
    inbox: Arc<dyn Inbox>,
    _folder: Option<tempfile::TempDir>,
}

fn memory(capacity: u64) -> Fresh {
    Fresh { inbox: Arc::new(MemoryInbox::new().with_capacity(capacity)), _folder: None }
}

#[cfg(feature = "sqlite")]
fn sqlite(capacity: u64) -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let inbox = b24_events::SqliteInbox::builder().capacity(capacity).open(folder.path().join("events.db")).unwrap();
    Fresh { inbox: Arc::new(inbox), _folder: Some(folder) }
}

macro_rules! both {
    ($($fact:ident)*) => {
        mod in_memory {
            $(#[tokio::test] async fn $fact() { super::suite::$fact(super::memory).await; })*
        }
        #[cfg(feature = "sqlite")]
        mod in_a_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $fact() { super::suite::$fact(super::sqlite).await; })*
        }
    };
}

both! {
    a_letter_waits_until_it_is_acknowledged
    a_letter_comes_back_as_it_was
    a_letter_is_taken_once
    letters_are_taken_oldest_first_and_no_more_than_asked_for
    what_fails_again_and_again_does_not_keep_the_rest_waiting
    a_postponed_letter_comes_when_it_is_due
    a_letter_that_is_gone_does_not_come_when_it_was_due
    a_handled_event_is_remembered_for_25_hours
    an_event_that_is_handled_again_is_remembered_from_then_on
    a_full_inbox_keeps_nothing_more_until_there_is_room
    a_buried_letter_is_not_taken_again_and_makes_room
    what_is_not_there_cannot_be_changed
    letters_of_many_tasks_are_all_there
}

/// Some day, and seconds later.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

fn letter(body: &str) -> Letter {
    Letter::new(body.to_owned().into(), Encoding::Form, at(0))
}

fn event(number: u32) -> Fingerprint {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    Fingerprint::from_bytes(bytes)
}

fn bodies(taken: &Taken) -> Vec<String> {
    taken.letters.iter().map(|taken| String::from_utf8(taken.letter.body.to_vec()).unwrap()).collect()
}

/// Takes the only letter there is.
async fn take_one(inbox: &dyn Inbox, now: SystemTime) -> LetterId {
    let taken = inbox.take(10, now).await.unwrap();
    assert_eq!(taken.letters.len(), 1);
    taken.letters[0].id
}

#[test]
fn an_inbox_in_an_arc_forgets_as_it_does_without() {
    fn forgets(inbox: impl Inbox) -> bool {
        inbox.forgets()
    }
    assert!(forgets(Arc::new(MemoryInbox::new())));
    #[cfg(feature = "sqlite")]
    {
        let folder = tempfile::tempdir().unwrap();
        assert!(!forgets(Arc::new(b24_events::SqliteInbox::open(folder.path().join("events.db")).unwrap())));
    }
}
