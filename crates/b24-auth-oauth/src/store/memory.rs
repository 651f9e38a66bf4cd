//! Tokens in memory.

use std::{
    collections::HashMap,
    fmt,
    future::ready,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{RenewalLock, StoreError, StoreErrorKind, StoreFuture, TokenKey, TokenRecord, TokenStore};

/// Tokens in the memory of this process; clones share them. They are lost with the process, and a pair that has been
/// renewed meanwhile cannot be had again from the one it began with.
#[derive(Clone, Default)]
pub struct MemoryStore {
    inner: Arc<Mutex<HashMap<TokenKey, Slot>>>,
}

#[derive(Default)]
struct Slot {
    record: Option<TokenRecord>,
    renewal: Arc<tokio::sync::Mutex<()>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a record in, whatever was there.
    #[must_use]
    pub fn with(self, key: TokenKey, record: TokenRecord) -> Self {
        self.slots().entry(key).or_default().record = Some(record);
        self
    }

    /// How many records it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots().values().filter(|slot| slot.record.is_some()).count()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// No panic can leave a slot half written: each change is one assignment.
    fn slots(&self) -> MutexGuard<'_, HashMap<TokenKey, Slot>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for MemoryStore {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        let record = self.slots().get(key).and_then(|slot| slot.record.clone());
        Box::pin(ready(Ok(record)))
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        let mut slots = self.slots();
        let slot = slots.entry(key.clone()).or_default();
        let fits = slot.record.as_ref().map(TokenRecord::generation) == expected;
        if fits {
            slot.record = Some(record.clone());
        }
        Box::pin(ready(if fits { Ok(()) } else { Err(StoreError::new(StoreErrorKind::Conflict)) }))
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        let mut slots = self.slots();
        let known = slots.get_mut(key).and_then(|slot| slot.record.take()).is_some();
        // A slot that somebody renews in keeps its lock.
        slots.retain(|_, slot| slot.record.is_some() || Arc::strong_count(&slot.renewal) > 1);
        Box::pin(ready(Ok(known)))
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        let renewal = Arc::clone(&self.slots().entry(key.clone()).or_default().renewal);
        Box::pin(async move { Ok(RenewalLock::new(renewal.lock_owned().await)) })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("len", &self.len()).finish()
    }
}
