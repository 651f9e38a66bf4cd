//! The tables, and how a file is known to be an inbox.

/// "b24i": the `application_id` of an inbox.
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"b24i");
/// The `user_version` of the tables below.
pub(super) const VERSION: i32 = 1;

/// `letters`: the body comes last, so that whoever passes by a letter does not read it. `due` is set once a letter was
/// postponed. Ids are given by the inbox, ascending, and never twice in one process: the id of a letter that is gone must
/// not become that of another.
///
/// `handled`: in the order of time, so that writing touches the last page and pruning the first, where a table in the order
/// of fingerprints would touch a page for each. It is read as a whole, once.
pub(super) const TABLES: &str = "
CREATE TABLE letters (
    id INTEGER PRIMARY KEY,
    buried INTEGER NOT NULL,
    due INTEGER,
    attempts INTEGER NOT NULL,
    received INTEGER NOT NULL,
    encoding INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE INDEX letters_postponed ON letters (due) WHERE due IS NOT NULL;
CREATE INDEX letters_buried ON letters (id) WHERE buried = 1;
CREATE TABLE handled (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    event BLOB NOT NULL
) STRICT;
";

pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(super) const COMMIT: &str = "COMMIT";

pub(super) const APPEND: &str =
    "INSERT INTO letters (id, buried, due, attempts, received, encoding, body) VALUES (?1, 0, NULL, 0, ?2, ?3, ?4)";
pub(super) const SIZE: &str = "SELECT length(body) FROM letters WHERE id = ?1 AND buried = ?2";
pub(super) const DELETE: &str = "DELETE FROM letters WHERE id = ?1";
pub(super) const POSTPONE: &str = "UPDATE letters SET due = ?2, attempts = attempts + 1 WHERE id = ?1 AND buried = 0";
pub(super) const BURY: &str = "UPDATE letters SET buried = 1, due = NULL WHERE id = ?1";
pub(super) const REVIVE: &str = "UPDATE letters SET buried = 0, due = 0, attempts = 0 WHERE id = ?1";

pub(super) const REMEMBER: &str = "INSERT INTO handled (id, at, event) VALUES (?1, ?2, ?3)";
pub(super) const OLDEST: &str = "SELECT id, at, event FROM handled ORDER BY id LIMIT ?1";
pub(super) const FORGET: &str = "DELETE FROM handled WHERE id <= ?1";

pub(super) const ONE: &str =
    "SELECT id, attempts, received, encoding, body FROM letters WHERE id = ?1 AND due = ?2 AND buried = 0";
pub(super) const FRESH: &str = "SELECT id, attempts, received, encoding, body FROM letters \
    WHERE id > ?1 AND due IS NULL AND buried = 0 ORDER BY id LIMIT ?2";
pub(super) const BURIED: &str = "SELECT id, attempts, received, encoding, body FROM letters INDEXED BY letters_buried \
    WHERE buried = 1 ORDER BY id LIMIT ?1";

pub(super) const OLDEST_BURIED: &str = "SELECT id, length(body) FROM letters INDEXED BY letters_buried \
    WHERE buried = 1 ORDER BY id LIMIT 1";

pub(super) const TOTALS: &str = "SELECT count(*), coalesce(sum(length(body)), 0) FROM letters WHERE buried = ?1";
pub(super) const LAST_LETTER: &str = "SELECT coalesce(max(id), 0) FROM letters";
pub(super) const LAST_HANDLED: &str = "SELECT coalesce(max(id), 0) FROM handled";
pub(super) const POSTPONED: &str = "SELECT due, id FROM letters WHERE due IS NOT NULL";
pub(super) const HANDLED: &str = "SELECT at, event FROM handled ORDER BY id";
