//! What the file refuses, and what it holds no more.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tempfile::TempDir;

use super::{super::file, *};
use crate::{
    Encoding,
    inbox::{
        InboxErrorKind, Letter,
        sqlite::{command::Write, store::write::REMEMBERED},
    },
};

fn store() -> (Store, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (connection, _) = file::open(&folder.path().join("events.db")).unwrap();
    (Store::load(connection, 1 << 30, Arc::default()).unwrap(), folder)
}

fn append(bytes: usize) -> Write {
    Write::Append { letter: Letter::new(Bytes::from(vec![b'a'; bytes]), Encoding::Form, UNIX_EPOCH) }
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000 + seconds)
}

fn event(number: u8) -> Fingerprint {
    Fingerprint::from_bytes([number; 16])
}

/// An event was handled whose letter is gone.
fn handled(number: u8, now: SystemTime) -> Write {
    Write::Acknowledge { id: 0, handled: Some(event(number)), now }
}

fn rows(store: &Store, table: &str) -> i64 {
    store.connection.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
}

#[test]
fn what_a_full_disk_refuses_is_refused_alone_and_takes_up_no_room() {
    let (mut store, _folder) = store();
    store.connection.execute_batch("PRAGMA max_page_count = 20").unwrap();
    let answers = store.write(&[append(10), append(1 << 20), append(20)]);
    assert_eq!(answers[1].as_ref().unwrap_err().kind(), InboxErrorKind::Full);
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert_eq!((store.totals.waiting, store.totals.bytes), (2, 10 + 20 + 2 * OVERHEAD));
    // Alone there is nothing to be done in pieces.
    assert_eq!(store.write(&[append(1 << 20)])[0].as_ref().unwrap_err().kind(), InboxErrorKind::Full);
    assert_eq!((store.totals.waiting, store.shared.waiting(), rows(&store, "letters")), (2, 2, 2));
    let taken = store.take(10, 0).unwrap().letters;
    assert_eq!(taken.iter().map(|taken| taken.letter.body.len()).collect::<Vec<_>>(), [10, 20]);
    assert!(store.write(&[append(30)])[0].is_ok());
}

#[test]
fn what_could_not_be_written_is_not_known_either() {
    let (mut store, _folder) = store();
    assert!(store.write(&[append(1)])[0].is_ok());
    store.connection.execute_batch("PRAGMA query_only = 1").unwrap();
    let id = store.totals.last_letter;
    for answer in store.write(&[handled(1, at(0)), Write::Postpone { id, due: 5 }, append(1)]) {
        assert_eq!(answer.unwrap_err().kind(), InboxErrorKind::Failed);
    }
    assert!(!store.shared.remembered().has(event(1), at(0)));
    assert!(store.postponed.is_empty());
    assert_eq!((store.totals.handled, store.totals.waiting, store.shared.waiting()), (0, 1, 1));
    store.connection.execute_batch("PRAGMA query_only = 0").unwrap();
    assert!(store.write(&[handled(1, at(0))])[0].is_ok());
    assert!(store.shared.remembered().has(event(1), at(0)));
}

#[test]
fn a_change_that_fails_leaves_no_transaction_open() {
    let (mut store, _folder) = store();
    store.write(&[append(1)]);
    // The id of the one that is there.
    store.totals.last_letter = 0;
    for writes in [vec![append(1)], vec![handled(1, at(0)), append(1)]] {
        assert_eq!(store.write(&writes).pop().unwrap().unwrap_err().kind(), InboxErrorKind::Failed);
        assert!(store.connection.is_autocommit());
    }
    store.totals.last_letter = 1;
    assert!(store.write(&[append(1)])[0].is_ok());
    assert_eq!((rows(&store, "letters"), rows(&store, "handled")), (2, 1));
}

#[test]
fn no_more_events_are_remembered_than_there_is_room_for_and_the_oldest_goes_first() {
    let (mut store, _folder) = store();
    store.write(&[handled(1, at(0)), handled(2, at(1)), handled(3, at(2))]);
    assert_eq!((store.totals.handled, rows(&store, "handled")), (3, 3));
    let mut store = Store::load(store.connection, 1 << 30, Arc::default()).unwrap();
    assert_eq!(store.totals.handled, 3);
    // As if there were so many more before them.
    store.totals.handled = REMEMBERED;
    store.write(&[handled(4, at(3))]);
    assert_eq!((store.totals.handled, rows(&store, "handled")), (REMEMBERED, 3));
    let known = |number| store.shared.remembered().has(event(number), at(3));
    assert_eq!([1, 2, 3, 4].map(known), [false, true, true, true]);
}

#[test]
fn an_event_whose_time_is_over_leaves_the_file_too() {
    const DAY: u64 = 24 * 60 * 60;
    let (mut store, _folder) = store();
    store.write(&[handled(1, at(0)), handled(2, at(DAY))]);
    store.write(&[handled(3, at(2 * DAY))]);
    assert_eq!((store.totals.handled, rows(&store, "handled")), (2, 2));
    // Each time: also once it is known how old the oldest is.
    store.write(&[handled(4, at(3 * DAY))]);
    store.write(&[handled(5, at(4 * DAY))]);
    assert_eq!((store.totals.handled, rows(&store, "handled")), (2, 2));
}

#[test]
fn what_was_put_aside_takes_up_as_much_as_may_wait_and_the_oldest_goes_first() {
    let (store, _folder) = store();
    let letter = 100 + OVERHEAD;
    let mut store = Store::load(store.connection, 2 * letter, Arc::default()).unwrap();
    for id in 1..=3 {
        assert!(store.write(&[append(100)])[0].is_ok());
        assert!(store.write(&[Write::Bury { id }])[0].is_ok());
    }
    let ids = |store: &Store| store.buried(10).unwrap().iter().map(|buried| buried.id.get()).collect::<Vec<_>>();
    assert_eq!((ids(&store), store.totals.buried), (vec![2, 3], 2 * letter));
    // What is revived or discarded makes room, and a file that is opened again knows what it has.
    store.write(&[Write::Revive { id: 2 }, append(100)]);
    let mut store = Store::load(store.connection, 2 * letter, Arc::default()).unwrap();
    assert_eq!((store.totals.buried, store.totals.waiting), (letter, 2));
    store.write(&[Write::Bury { id: 2 }]);
    store.write(&[Write::Discard { id: 2 }, Write::Bury { id: 4 }]);
    assert_eq!((ids(&store), store.totals.buried), (vec![3, 4], 2 * letter));
}

#[test]
fn a_log_that_is_settled_is_empty() {
    let (mut store, folder) = store();
    let log = || std::fs::metadata(folder.path().join("events.db-wal")).unwrap().len();
    store.write(&[append(10)]);
    assert!(log() > 0 && !store.is_settled());
    store.settle();
    assert!(log() == 0 && store.is_settled());
    assert_eq!(store.take(10, 0).unwrap().letters.len(), 1);
    store.write(&[append(10)]);
    assert!(log() > 0 && !store.is_settled());
}

#[test]
fn the_log_of_an_inbox_that_is_never_idle_does_not_grow_for_ever() {
    const MIB: usize = 1 << 20;
    let (mut store, folder) = store();
    for _ in 0..60 {
        store.write(&[append(MIB)]);
        let id = store.totals.last_letter;
        store.take(1, 0).unwrap();
        store.write(&[Write::Acknowledge { id, handled: None, now: at(0) }]);
    }
    let size = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().len();
    let most = 20 * u64::try_from(MIB).unwrap();
    assert!(size("events.db-wal") < most && size("events.db") < most, "{}", size("events.db-wal"));
}
