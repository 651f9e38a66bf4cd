//! Locks between processes, each a file of its own.

use std::{fs::File, path::PathBuf, time::Duration};

use fs4::{FileExt, TryLockError};

use super::disk;
use crate::store::StoreError;

/// A lock that ends when it is dropped, or with its process: the system gives it back.
pub(super) struct FileLock(File);

/// The pause between two tries: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// Waits until nobody else has the lock of this file: no other process, and no other handle of this one.
///
/// It asks again and again, with a pause of up to 20 ms, for a wait of the system itself would keep a thread and could
/// not be given up.
///
/// # Errors
/// The file cannot be opened, or `limit` is over.
///
/// # Cancel safety
/// A lock that comes after the future was dropped is given back at once.
pub(super) async fn acquire(path: PathBuf, limit: Option<Duration>) -> Result<FileLock, StoreError> {
    let start = tokio::time::Instant::now();
    let mut pause = PAUSES.0;
    loop {
        let path = path.clone();
        if let Some(lock) = blocking(move || try_acquire(&path)).await? {
            return Ok(lock);
        }
        if limit.is_some_and(|limit| start.elapsed() >= limit) {
            return Err(StoreError::failed("another process has locked the file, and does not go on"));
        }
        // Not all at the same moment.
        tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Works with files where it may block. Work that has begun is done to its end, also when the future is dropped.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    // It panics or is not begun because the runtime shuts down.
    tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::failed("the work with a file was cut off"))?
}

fn try_acquire(path: &std::path::Path) -> Result<Option<FileLock>, StoreError> {
    let file = disk::open_lock(path)?;
    // By the trait's name: since Rust 1.89 a file has a method of the same name.
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(Some(FileLock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(disk::failed(path)(error)),
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing would do, but for a child process that is being made at this moment and has not closed its copy yet.
        let _ = FileExt::unlock(&self.0);
    }
}
