//! A store in which something happens while it works, and short words for what the tests of renewals begin with.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(dead_code, reason = "each test file uses what it needs")]

use std::{fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use b24_auth_oauth::{MemoryStore, RenewalLock, TokenKey, TokenRecord, TokenStore, store::StoreFuture};
use b24_core::Grant;
use serde_json::json;

use super::support::{NOW, key, params_of};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn token(grant: &Grant) -> &str {
    grant.credential().secret().expose()
}

pub(crate) fn stale() -> b24_auth_oauth::OAuthParams {
    params_of(&json!({ "expires": NOW - 10 }))
}

pub(crate) fn seventh() -> b24_auth_oauth::OAuthParams {
    params_of(&json!({ "accessToken": "acc3ss-7", "refreshToken": "r3fresh-7" }))
}

pub(crate) async fn stored(store: &impl TokenStore) -> TokenRecord {
    store.load(&key()).await.unwrap().unwrap()
}

type Before =
    Arc<dyn Fn(MemoryStore, TokenRecord, Option<u64>) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;
type After = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// A memory store; something happens before each save, after each save, and after each load has read.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) inner: MemoryStore,
    before_save: Option<Before>,
    after_save: Option<After>,
    after_load: Option<After>,
    pub(crate) locks: bool,
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}

impl Watched {
    pub(crate) fn new(record: TokenRecord) -> Self {
        let inner = MemoryStore::new().with(key(), record);
        Self { inner, before_save: None, after_save: None, after_load: None, locks: true }
    }

    pub(crate) fn before_save<F, R>(mut self, before: F) -> Self
    where
        F: Fn(MemoryStore, TokenRecord, Option<u64>) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.before_save = Some(Arc::new(move |store, record, expected| Box::pin(before(store, record, expected))));
        self
    }

    pub(crate) fn after_save<R: Future<Output = ()> + Send + 'static>(
        mut self,
        after: impl Fn() -> R + Send + Sync + 'static,
    ) -> Self {
        self.after_save = Some(Arc::new(move || Box::pin(after())));
        self
    }

    pub(crate) fn after_load<R: Future<Output = ()> + Send + 'static>(
        mut self,
        after: impl Fn() -> R + Send + Sync + 'static,
    ) -> Self {
        self.after_load = Some(Arc::new(move || Box::pin(after())));
        self
    }
}

impl TokenStore for Watched {
    fn load<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, Option<TokenRecord>> {
        Box::pin(async move {
            let found = self.inner.load(key).await;
            if let Some(after) = &self.after_load {
                after().await;
            }
            found
        })
    }

    fn save<'a>(&'a self, key: &'a TokenKey, record: &'a TokenRecord, expected: Option<u64>) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if let Some(before) = &self.before_save {
                before(self.inner.clone(), record.clone(), expected).await;
            }
            let outcome = self.inner.save(key, record, expected).await;
            if let Some(after) = &self.after_save {
                after().await;
            }
            outcome
        })
    }

    fn delete<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, bool> {
        self.inner.delete(key)
    }

    fn lock<'a>(&'a self, key: &'a TokenKey) -> StoreFuture<'a, RenewalLock> {
        if self.locks { self.inner.lock(key) } else { Box::pin(std::future::ready(Ok(RenewalLock::none()))) }
    }
}
