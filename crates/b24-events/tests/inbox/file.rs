//! The file itself: whose it is, who can read it, what is left in it.

use std::{fs, path::Path};

use b24_events::{
    Inbox, SqliteInbox,
    inbox::{Durability, InboxError, InboxErrorKind},
};

use super::{at, letter, take_one};

fn kind(opened: Result<SqliteInbox, InboxError>) -> InboxErrorKind {
    opened.unwrap_err().kind()
}

#[tokio::test]
async fn a_second_opening_is_told_that_it_is_in_use_and_does_not_take_the_lock_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    inbox.append(letter("a")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(kind(SqliteInbox::open(&path)), InboxErrorKind::InUse);
    }
    inbox.append(letter("b")).await.unwrap();
    assert_eq!(inbox.take(10, at(1)).await.unwrap().letters.len(), 2);
    inbox.close().await.unwrap();
    SqliteInbox::open(&path).unwrap();
}

/// Locks of one process do not show what another one sees: this asks a second process.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn another_process_finds_the_file_locked_even_after_this_one_has_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let _inbox = SqliteInbox::open(&path).unwrap();
    assert_eq!(kind(SqliteInbox::open(&path)), InboxErrorKind::InUse);
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(&path).unwrap());
    let locks = fs::read_to_string("/proc/locks").unwrap();
    let of_this_file = format!(":{inode} ");
    assert!(locks.lines().any(|lock| lock.contains("WRITE") && lock.contains(&of_this_file)), "{locks}");
}

#[test]
fn a_foreign_file_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    for text in ["hello", &"no database ".repeat(1000)] {
        fs::write(&path, text).unwrap();
        assert_eq!(kind(SqliteInbox::open(&path)), InboxErrorKind::Foreign);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(names(folder.path()), ["events.db"]);
}

#[test]
fn the_database_of_another_program_is_left_as_it_is_with_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let (path, live) = (folder.path().join("events #1?%.db"), folder.path().join("live.db"));
    let other = rusqlite::Connection::open(&live).unwrap();
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)").unwrap();
    // As a killed program leaves it: what it wrote lies in the log only.
    let log = folder.path().join("events #1?%.db-wal");
    fs::copy(&live, &path).unwrap();
    fs::copy(folder.path().join("live.db-wal"), &log).unwrap();
    drop(other);
    let before = (fs::read(&path).unwrap(), fs::read(&log).unwrap(), names(folder.path()));
    assert_eq!(kind(SqliteInbox::open(&path)), InboxErrorKind::Foreign);
    assert!((fs::read(&path).unwrap(), fs::read(&log).unwrap(), names(folder.path())) == before);
}

#[test]
fn an_inbox_of_a_later_version_is_foreign() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    drop_and_wait(SqliteInbox::open(&path).unwrap());
    let other = rusqlite::Connection::open(&path).unwrap();
    other.pragma_update(None, "user_version", 2).unwrap();
    drop(other);
    assert_eq!(kind(SqliteInbox::open(&path)), InboxErrorKind::Foreign);
}

#[test]
fn an_empty_file_becomes_an_inbox_and_a_folder_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    fs::write(&path, "").unwrap();
    drop_and_wait(SqliteInbox::open(&path).unwrap());
    assert_eq!(kind(SqliteInbox::open(folder.path())), InboxErrorKind::Foreign);
    assert_eq!(kind(SqliteInbox::open(folder.path().join("missing/events.db"))), InboxErrorKind::Failed);
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_what_lies_there() {
    use std::os::unix::fs::PermissionsExt;

    let modes = |folder: &Path| -> Vec<(String, u32)> {
        let mode = |name: &String| fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777;
        names(folder).into_iter().map(|name| (name.clone(), mode(&name))).collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    inbox.append(letter("a")).await.unwrap();
    let private = [("events.db".to_owned(), 0o600), ("events.db-wal".to_owned(), 0o600)];
    assert_eq!(modes(folder.path()), private);
    inbox.close().await.unwrap();
    assert_eq!(modes(folder.path()), private[..1]);

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let inbox = SqliteInbox::open(&path).unwrap();
    inbox.append(letter("b")).await.unwrap();
    assert_eq!(modes(folder.path()), private);
}

#[tokio::test]
async fn nothing_is_left_of_what_was_acknowledged_once_the_inbox_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.db");
    let inbox = SqliteInbox::open(&path).unwrap();
    let contains = |file: &str| {
        let content = fs::read(folder.path().join(file)).unwrap_or_default();
        content.windows(7).any(|window| window == b"s3cr3t!")
    };
    for body in ["s3cr3t!".to_owned(), "s3cr3t!".repeat(10_000)] {
        inbox.append(letter(&body)).await.unwrap();
        let id = take_one(&inbox, at(1)).await;
        assert!(contains("events.db-wal"));
        inbox.acknowledge(id, None, at(1)).await.unwrap();
    }
    inbox.close().await.unwrap();
    assert!(!contains("events.db") && !contains("events.db-wal"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_file_is_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (link, path) = (folder.path().join("link.db"), elsewhere.path().join("events.db"));
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let inbox = SqliteInbox::open(&link).unwrap();
    inbox.append(letter("a")).await.unwrap();
    assert_eq!(kind(SqliteInbox::open(&path)), InboxErrorKind::InUse);
    assert_eq!((names(folder.path()).len(), names(elsewhere.path()).len()), (1, 2));
    for name in names(elsewhere.path()) {
        assert_eq!(fs::metadata(elsewhere.path().join(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn an_inbox_whose_files_are_gone_keeps_nothing_more() {
    for durability in [Durability::PowerLoss, Durability::ProcessDeath] {
        for lost in ["events.db", "events.db-wal"] {
            for other in [None, Some("another file")] {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("events.db");
                let inbox = SqliteInbox::builder().durability(durability).open(&path).unwrap();
                inbox.append(letter("a")).await.unwrap();
                fs::rename(folder.path().join(lost), folder.path().join("moved")).unwrap();
                if let Some(text) = other {
                    fs::write(folder.path().join(lost), text).unwrap();
                }
                for _ in 0..2 {
                    assert_eq!(inbox.append(letter("b")).await.unwrap_err().kind(), InboxErrorKind::Failed, "{lost}");
                }
            }
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn drop_and_wait(inbox: SqliteInbox) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(inbox.close()).unwrap();
}
