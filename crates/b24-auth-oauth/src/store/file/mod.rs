//! Tokens in files.
//!
//! # Files
//!
//! A record is one JSON object, `{"params": {…}, "generation": 3}`. Whatever else stands in it, or inside `params`, stays
//! as it was. Each file of tokens has three companions, which are hidden on Unix:
//!
//! | file | what it is |
//! |---|---|
//! | `<name>` | the record; mode 0600. One that others may read or write is refused and left as it is. |
//! | `.<name>.tmp` | the next record while it is written; mode 0600. A process that is killed meanwhile leaves it behind, and the next save or delete removes it. |
//! | `.<name>.lock` | locked while a save or delete reads, compares and writes: milliseconds. Empty, and stays. |
//! | `.<name>.renewal` | locked while somebody renews the tokens: seconds. Empty, and stays. |
//!
//! Do not delete the companions that are locks: who holds one and who comes next would then lock two different files.
//!
//! # How a record is saved
//!
//! Under the short lock the record is read and its generation compared; then `.<name>.tmp` is written and synced, renamed
//! to `<name>`, and the folder synced. So a reader needs no lock: it finds the old record or the new one. A process that
//! is killed leaves the old record if it came no further than the sync, and the new one after the renaming.
//!
//! The locks are `flock`s (`LockFileEx` on Windows): they belong to an open file, so two handles in one process exclude
//! each other as two processes do, and the system takes them back from a process that dies. They hold between the
//! processes of one machine. A network file system may or may not pass them on to other machines; use `PostgresStore`
//! there.

mod disk;
mod document;
mod lock;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use self::{
    document::Document,
    lock::{acquire, blocking},
};
use super::{RenewalLock, StoreError, StoreErrorKind, StoreFuture, TokenKey, TokenRecord, TokenStore};

/// Tokens in files, shared by the processes of one machine. Clones are the same store.
///
/// [`folder`](Self::folder) keeps a file for each key, [`single`](Self::single) one record in one file, which may have
/// been written by hand. Making a store reads and writes nothing.
///
/// On Unix a file that group or others may read or write is refused with [`StoreErrorKind::Permissions`]; elsewhere the
/// folder has to be protected. A file that is no record is refused with [`StoreErrorKind::Corrupt`], also by `save` and
/// `delete`, and left as it is: it may hold the one copy of somebody's tokens.
///
/// A link is followed, and what it leads to replaced.
///
/// # Cancel safety
/// A `save` or `delete` whose future is dropped is done or not, never by half. The process that was waiting for a lock
/// and gave up leaves nothing behind.
#[derive(Clone, Debug)]
pub struct FileStore {
    layout: Arc<Layout>,
}

#[derive(Debug)]
enum Layout {
    Folder(PathBuf),
    Single(PathBuf),
}

/// The short lock is held for milliseconds. A process that was stopped with it in hand must not stop all others.
const SHORT: Duration = Duration::from_secs(10);

impl FileStore {
    /// A file `<key>.json` for each key, in this folder: `m1.json`, `m1.7.json`.
    ///
    /// A folder that is missing is made by the first save or lock, with mode 0700; one that is there is left as it is.
    /// [`delete`](TokenStore::delete) removes the file.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self { layout: Arc::new(Layout::Folder(path.into())) }
    }

    /// One record in one file, for a program with one portal: `{"params": {…}, "clientId": "…", "clientSecret": "…"}`.
    ///
    /// The file may be there before its tokens are, with other names than `params`. A key of another portal than the
    /// file's, or of another user where both are told, is refused with [`StoreErrorKind::Foreign`].
    /// [`delete`](TokenStore::delete) takes `params`, `generation` and `renewingSince` out of the object, and removes the
    /// file if nothing else is in it. The folder has to be there.
    pub fn single(path: impl Into<PathBuf>) -> Self {
        Self { layout: Arc::new(Layout::Single(path.into())) }
    }

    /// The file of a key, found where its work may block.
    async fn file(&self, key: &TokenKey, make: bool) -> Result<PathBuf, StoreError> {
        let (layout, key) = (Arc::clone(&self.layout), key.clone());
        blocking(move || {
            let path = match &*layout {
                Layout::Single(path) => path.clone(),
                Layout::Folder(folder) => {
                    if make {
                        disk::make_folder(folder)?;
                    }
                    folder.join(format!("{key}.json"))
                }
            };
            disk::follow(&path)
        })
        .await
    }

    async fn load_record(&self, key: &TokenKey) -> Result<Option<TokenRecord>, StoreError> {
        let (file, key) = (self.file(key, false).await?, key.clone());
        blocking(move || stored(&read(&file)?.unwrap_or_default(), &key)).await
    }

    async fn save_record(&self, key: &TokenKey, record: TokenRecord, expected: Option<u64>) -> Result<(), StoreError> {
        key.check_stored(&record)?;
        let (file, key) = (self.file(key, true).await?, key.clone());
        let lock = acquire(disk::beside(&file, ".lock")?, Some(SHORT)).await?;
        blocking(move || {
            let _lock = lock;
            let mut document = read(&file)?.unwrap_or_default();
            let generation = stored(&document, &key)?.map(|record| record.generation());
            if generation != expected {
                return Err(StoreError::new(StoreErrorKind::Conflict));
            }
            document.put(&record)?;
            disk::replace(&file, document.to_text().as_bytes())
        })
        .await
    }

    async fn delete_record(&self, key: &TokenKey) -> Result<bool, StoreError> {
        let (file, key, layout) = (self.file(key, false).await?, key.clone(), Arc::clone(&self.layout));
        // Without a folder there is no record, and no place for a lock.
        if self.load_record(&key).await?.is_none() {
            return Ok(false);
        }
        let lock = acquire(disk::beside(&file, ".lock")?, Some(SHORT)).await?;
        blocking(move || {
            let _lock = lock;
            let mut document = read(&file)?.unwrap_or_default();
            if stored(&document, &key)?.is_none() {
                return Ok(false);
            }
            document.clear();
            if document.is_empty() || matches!(*layout, Layout::Folder(_)) {
                disk::remove(&file)?;
            } else {
                disk::replace(&file, document.to_text().as_bytes())?;
            }
            Ok(true)
        })
        .await
    }
}

fn read(file: &Path) -> Result<Option<Document>, StoreError> {
    disk::read(file)?.map(|text| Document::parse(&text)).transpose()
}

fn stored(document: &Document, key: &TokenKey) -> Result<Option<TokenRecord>, StoreError> {
    let record = document.record()?;
    record.iter().try_for_each(|record| key.check_stored(record))?;
    Ok(record)
}

impl TokenStore for FileStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        Box::pin(self.load_record(key))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        Box::pin(self.save_record(key, record.clone(), expected))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        Box::pin(self.delete_record(key))
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        Box::pin(async move {
            let file = self.file(key, true).await?;
            Ok(RenewalLock::new(acquire(disk::beside(&file, ".renewal")?, None).await?))
        })
    }
}
