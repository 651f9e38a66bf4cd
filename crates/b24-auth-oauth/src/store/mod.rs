//! Where tokens are kept.
//!
//! A [`TokenStore`] holds one [`TokenRecord`] for each [`TokenKey`]. Three stand ready: [`MemoryStore`] for tests and for
//! programs that keep tokens elsewhere, `FileStore` for the processes of one machine, `PostgresStore` for those of many.
//!
//! # Several processes
//!
//! Refresh tokens rotate: two processes that renew the same pair lose it. So a renewal holds the store's
//! [lock](TokenStore::lock) from the look at what is stored until the new pair is there; whoever comes second finds the
//! new pair and asks nobody. The lock goes with the process that holds it. Should it fail all the same, because a store
//! has none or a connection broke, the generation keeps the pairs apart: a save that expects an older one is refused.
//!
//! # When a process dies in a renewal
//!
//! A pair that the store does not take is a case of its own: it is kept in memory and tried again until it is stored, and
//! [`OAuth::settled`](crate::OAuth::settled) tries once more before a program ends.
//!
//! | it died | what is stored | what follows |
//! |---|---|---|
//! | before it asked | the old pair, perhaps with a mark | the next one renews it |
//! | after asking, before the server had answered | the old pair with a mark | the next one renews it; or, if the server has rotated, as below |
//! | after the server had rotated, before the new pair was stored | the old pair with a mark | **the pair is lost**: its access token works for what is left of its hour, then the renewal is refused with `invalid_grant`, and the error says that an earlier renewal was cut off. The user has to open or install the application once more. |
//! | while it stored | the old or the new pair, never a part | as above, or nothing is lost |
//! | after it had stored | the new pair | nothing is lost |

mod error;
#[cfg(feature = "file-store")]
mod file;
mod key;
mod lock;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
mod record;
mod replace;

use std::{fmt, future::Future, pin::Pin};

pub use error::{StoreError, StoreErrorKind};
#[cfg(feature = "file-store")]
pub use file::FileStore;
pub use key::TokenKey;
pub(crate) use key::is_member_id;
pub use lock::RenewalLock;
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use record::TokenRecord;
pub(crate) use replace::replace;

/// The future of a store's work.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps tokens; shared by all handles, and perhaps by many processes.
///
/// An implementation has to be durable where that matters: when [`save`](Self::save) is done, the pair must outlive the
/// death of the process.
pub trait TokenStore: fmt::Debug + Send + Sync + 'static {
    /// Reads a record; `None` when there is none.
    ///
    /// # Errors
    /// What is stored cannot be read, or is no record: it must be left as it is.
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>>;

    /// Writes a record whole, or not at all, if the stored one has the generation `expected` (`None`: if there is none).
    ///
    /// # Errors
    /// [`StoreErrorKind::Conflict`] when another generation is stored; then nothing is written.
    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()>;

    /// Removes a record; `false` when there was none.
    ///
    /// # Errors
    /// The store failed.
    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool>;

    /// Waits until nobody else renews these tokens, and keeps others waiting until the lock is dropped or its process
    /// dies. Reading and saving with the lock in hand must work; whether others may save meanwhile is the store's affair.
    ///
    /// Without an implementation there is no lock: enough where one process has the tokens, and one
    /// [`OAuth`](crate::OAuth) with its clones uses them.
    ///
    /// # Errors
    /// The store failed.
    ///
    /// # Cancel safety
    /// Dropping the future gives the place in the queue up.
    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        let _ = key;
        Box::pin(std::future::ready(Ok(RenewalLock::none())))
    }
}
