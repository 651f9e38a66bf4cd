//! A store that fails when it is told to.

#![allow(dead_code, reason = "each test file uses what it needs")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use b24_auth_oauth::{MemoryStore, RenewalLock, StoreError, TokenKey, TokenRecord, TokenStore, store::StoreFuture};

#[derive(Clone, Debug)]
pub(crate) struct ShakyStore {
    pub(crate) inner: MemoryStore,
    /// How many saves of new pairs fail.
    pub(crate) failures: Arc<AtomicU32>,
    /// Whether a failed save has been done all the same.
    pub(crate) does_it: bool,
}

impl ShakyStore {
    pub(crate) fn new(record: TokenRecord) -> Self {
        let key = super::key();
        Self { inner: MemoryStore::new().with(key, record), failures: Arc::default(), does_it: false }
    }

    pub(crate) fn fail(&self, times: u32) {
        self.failures.store(times, Ordering::SeqCst);
    }
}

impl TokenStore for ShakyStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        self.inner.load(key)
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        let new_pair = expected != Some(record.generation());
        let left = self.failures.load(Ordering::SeqCst);
        if !new_pair || left == 0 {
            return self.inner.save(key, record, expected);
        }
        self.failures.store(left - 1, Ordering::SeqCst);
        Box::pin(async move {
            if self.does_it {
                self.inner.save(key, record, expected).await?;
            }
            Err(StoreError::failed("the disk is full"))
        })
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        self.inner.delete(key)
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        self.inner.lock(key)
    }
}
