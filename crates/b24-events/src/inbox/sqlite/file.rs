//! Opening the file: private before anything lies in it, and not touched when it is somebody else's.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};

use super::schema;
use crate::inbox::{InboxError, InboxErrorKind};

/// A connection that has the file for itself; the file, and its log.
pub(super) fn open(path: &Path) -> Result<(Connection, [PathBuf; 2]), InboxError> {
    // Absolute: `:memory:` is a file as any other.
    let path = std::path::absolute(path).map_err(InboxError::failed)?;
    let is_new = create(&path).map_err(InboxError::failed)?;
    // SQLite follows a link, and puts its files beside what it leads to.
    let path = if cfg!(unix) { fs::canonicalize(path).map_err(InboxError::failed)? } else { path };
    if !is_new {
        look_at(&path)?;
        for file in [path.clone(), beside(&path, "-wal"), beside(&path, "-journal")] {
            make_private(&file).map_err(InboxError::failed)?;
        }
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(refused)?;
    set_up(&connection)?;
    tune(&connection).map_err(refused)?;
    connection.set_prepared_statement_cache_capacity(32);
    let log = beside(&path, "-wal");
    Ok((connection, [path, log]))
}

/// Makes an empty file that only its owner can read; SQLite gives the files beside it the same rights. `false` when there is
/// a file.
///
/// Only a new file is opened here: closing one takes away the locks that this process may have on it already.
fn create(path: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a file that is there may be opened: it is an inbox, or empty.
fn look_at(path: &Path) -> Result<(), InboxError> {
    let found = fs::metadata(path).map_err(InboxError::failed)?;
    if found.is_dir() {
        return Err(foreign().with_source("it is a folder"));
    }
    if found.len() == 0 {
        return Ok(());
    }
    // Immutable: SQLite reads the first page and nothing else. It takes no lock, makes no file, and does not touch a log
    // that another program has left beside its database.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(path), flags).map_err(refused)?;
    let found = marks(&connection).map_err(refused)?;
    if found == (schema::APPLICATION_ID, schema::VERSION) { Ok(()) } else { Err(foreign()) }
}

fn marks(connection: &Connection) -> rusqlite::Result<(i32, i32)> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((pragma("application_id")?, pragma("user_version")?))
}

/// `file:` addresses are for SQLite: <https://www.sqlite.org/uri.html>.
fn uri(path: &Path) -> PathBuf {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b':');
    #[cfg(unix)]
    let path = percent_encode(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()), KEPT).to_string();
    #[cfg(not(unix))]
    let path = format!("/{}", percent_encode(path.to_string_lossy().replace('\\', "/").as_bytes(), KEPT));
    format!("file:{path}?mode=ro&immutable=1").into()
}

/// Takes the lock of the file, for as long as it is open, and makes the tables of an empty one.
fn set_up(connection: &Connection) -> Result<(), InboxError> {
    connection.busy_timeout(std::time::Duration::ZERO).map_err(refused)?;
    // Before the log is opened for the first time: so there is no memory to share with other processes.
    // https://www.sqlite.org/wal.html#use_of_wal_without_shared_memory
    set(connection, "locking_mode", "EXCLUSIVE").map_err(refused)?;
    // Not FAST: that leaves whatever lay in pages that become free, which is where most letters go.
    set(connection, "secure_delete", "ON").map_err(refused)?;
    connection.execute_batch("BEGIN EXCLUSIVE").map_err(refused)?;
    let is_empty = || connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", (), |row| row.get::<_, bool>(0));
    match marks(connection).map_err(refused)? {
        (schema::APPLICATION_ID, schema::VERSION) => {}
        (0, 0) if is_empty().map_err(refused)? => {
            connection.pragma_update(None, "application_id", schema::APPLICATION_ID).map_err(refused)?;
            connection.pragma_update(None, "user_version", schema::VERSION).map_err(refused)?;
            connection.execute_batch(schema::TABLES).map_err(refused)?;
        }
        _ => return Err(foreign()),
    }
    connection.execute_batch("COMMIT").map_err(refused)
}

fn tune(connection: &Connection) -> rusqlite::Result<()> {
    // Else SQLite plans a statement anew for each value that could choose another index: a fifth of the time of our thread.
    // https://www.sqlite.org/queryplanner-ng.html#qpstab
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    set(connection, "journal_mode", "WAL")?;
    // The log is brought to the disk by ours; this sees to it that it is there before it goes into the file.
    set(connection, "synchronous", "NORMAL")?;
    set(connection, "wal_autocheckpoint", LOG_PAGES)?;
    set(connection, "journal_size_limit", LOG_PAGES * 4096)?;
    set(connection, "cache_size", -CACHE_KIB)?;
    set(connection, "temp_store", "MEMORY")
}

/// Pages in the log when it is written to the file: 16 MiB.
const LOG_PAGES: i64 = 4096;
/// Pages in memory, in KiB.
const CACHE_KIB: i64 = 8192;

/// Some pragmas answer with a row, some do not.
fn set(connection: &Connection, name: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, name, value, |_| Ok(())).or_else(|error| match error {
        rusqlite::Error::QueryReturnedNoRows => Ok(()),
        error => Err(error),
    })
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(unix)]
fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    match fs::metadata(path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn make_private(_: &Path) -> io::Result<()> {
    Ok(())
}

fn refused(error: rusqlite::Error) -> InboxError {
    let kind = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => InboxErrorKind::InUse,
        Some(ErrorCode::NotADatabase) => InboxErrorKind::Foreign,
        _ => InboxErrorKind::Failed,
    };
    InboxError::new(kind).with_source(error)
}

fn foreign() -> InboxError {
    InboxError::new(InboxErrorKind::Foreign)
}
