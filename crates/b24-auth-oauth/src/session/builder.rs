//! Making a source of credentials.

use std::{fmt, future::Future, sync::Arc};

use b24_core::Error;
use tokio::runtime::Handle;

use super::{Inner, OAuth, failure, hooks::Hooks};
use crate::{MemoryStore, OAuthApp, OAuthParams, TokenKey, TokenRecord, TokenReply, TokenStore, store::replace};

/// Chooses how an [`OAuth`] works. The last step says where its tokens come from: [`start`](Self::start) keeps them in
/// memory; after [`store`](Self::store), [`open`](OAuthBuilder::open) reads them and [`install`](OAuthBuilder::install)
/// writes them first.
#[must_use = "a builder does nothing until the tokens are named"]
#[derive(Clone)]
pub struct OAuthBuilder<S = ()> {
    app: OAuthApp,
    store: S,
    hooks: Hooks,
    runtime: Option<Handle>,
}

impl OAuthBuilder {
    pub(super) fn new(app: OAuthApp) -> Self {
        Self { app, store: (), hooks: Hooks::default(), runtime: None }
    }

    /// Keeps the tokens in a store.
    pub fn store(self, store: impl TokenStore) -> OAuthBuilder<Arc<dyn TokenStore>> {
        self.shared_store(Arc::new(store))
    }

    /// Keeps the tokens in a store that others use too.
    pub fn shared_store(self, store: Arc<dyn TokenStore>) -> OAuthBuilder<Arc<dyn TokenStore>> {
        OAuthBuilder { app: self.app, store, hooks: self.hooks, runtime: self.runtime }
    }

    /// Keeps the tokens in memory. Does no I/O.
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth), [`SdkCode::UntrustedServer`](b24_core::SdkCode::UntrustedServer), when
    /// the application would tell its secret to a server it does not know.
    pub fn start(self, params: OAuthParams) -> Result<OAuth, Error> {
        let key = params.key();
        let record = TokenRecord::new(params);
        let store = Arc::new(MemoryStore::new().with(key.clone(), record.clone()));
        let inner = Inner::new(self.app, store, key, self.hooks, self.runtime, &record)?;
        Ok(OAuth { inner: Arc::new(inner) })
    }
}

impl<S> OAuthBuilder<S> {
    /// Calls `hear` with every new pair when it is stored; the calls that wait for it go out after that, 30 s later at most.
    /// Calls made in `hear` itself go out with the new pair.
    ///
    /// For programs that keep tokens themselves, as with `setCallbackRefreshAuth` of the official SDK. A store is the
    /// better place: what is lost between here and there is lost for good.
    pub fn on_renewal<F, R>(mut self, hear: F) -> Self
    where
        F: Fn(OAuthParams) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.hooks.set_on_renewal(hear);
        self
    }

    /// Renews by `refresh` instead of asking the authorisation server: for programs whose tokens are renewed by another
    /// service, as with `setCustomRefreshAuth` of the official SDK. It gets the old pair and has two minutes; the error it
    /// returns comes out of the call, best made by [`Error::auth`].
    pub fn refresh_with<F, R>(mut self, refresh: F) -> Self
    where
        F: Fn(OAuthParams) -> R + Send + Sync + 'static,
        R: Future<Output = Result<TokenReply, Error>> + Send + 'static,
    {
        self.hooks.set_refresh(refresh);
        self
    }

    /// Runs renewals on this runtime. Default: that of the call which needs one. Name one where calls come from runtimes
    /// that end before the program does, or are not driven all the time, as with a `block_on` in each thread: a renewal that its
    /// runtime cuts off loses the pair, and one that it lets lie keeps all others waiting.
    pub fn runtime(mut self, runtime: Handle) -> Self {
        self.runtime = Some(runtime);
        self
    }
}

impl OAuthBuilder<Arc<dyn TokenStore>> {
    /// Goes on with the tokens in the store.
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth): [`SdkCode::TokensMissing`](b24_core::SdkCode::TokensMissing) when there
    /// are none, [`SdkCode::TokenStoreFailed`](b24_core::SdkCode::TokenStoreFailed) with a
    /// [`StoreError`](crate::StoreError) as source when they cannot be read,
    /// [`SdkCode::UntrustedServer`](b24_core::SdkCode::UntrustedServer) as with [`start`](OAuthBuilder::start).
    pub async fn open(self, key: TokenKey) -> Result<OAuth, Error> {
        let record = self.store.load(&key).await.map_err(failure::of_the_store)?.ok_or_else(failure::no_tokens)?;
        self.with(key, &record)
    }

    /// Puts the tokens of a new installation into the store, in place of any that are there, and goes on with them.
    ///
    /// # Errors
    /// As [`open`](Self::open); nothing is replaced then.
    pub async fn install(self, key: TokenKey, params: OAuthParams) -> Result<OAuth, Error> {
        self.app.admit(&params)?;
        let record = replace(&*self.store, &key, params, 0).await?;
        self.with(key, &record)
    }

    fn with(self, key: TokenKey, record: &TokenRecord) -> Result<OAuth, Error> {
        let inner = Inner::new(self.app, self.store, key, self.hooks, self.runtime, record)?;
        Ok(OAuth { inner: Arc::new(inner) })
    }
}

impl<S> fmt::Debug for OAuthBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBuilder").field("app", &self.app).finish_non_exhaustive()
    }
}
