//! What a program wants to hear or to do itself.

use std::{fmt, future::Future, panic::AssertUnwindSafe, sync::Arc};

use b24_core::{Error, keys};
use futures_util::{FutureExt, future::BoxFuture};

use crate::{OAuthApp, OAuthParams, TokenReply};

/// Functions of the program; clones share them.
#[derive(Clone, Default)]
pub(super) struct Hooks {
    on_renewal: Option<Hook<()>>,
    refresh: Option<Hook<Result<TokenReply, Error>>>,
}

type Hook<T> = Arc<dyn Fn(OAuthParams) -> BoxFuture<'static, T> + Send + Sync>;

impl Hooks {
    pub(super) fn set_on_renewal<F, R>(&mut self, hear: F)
    where
        F: Fn(OAuthParams) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.on_renewal = Some(Arc::new(move |params| hear(params).boxed()));
    }

    pub(super) fn set_refresh<F, R>(&mut self, refresh: F)
    where
        F: Fn(OAuthParams) -> R + Send + Sync + 'static,
        R: Future<Output = Result<TokenReply, Error>> + Send + 'static,
    {
        self.refresh = Some(Arc::new(move |params| refresh(params).boxed()));
    }

    /// Tells of new tokens. They are stored already, so a panic there costs nothing.
    pub(super) async fn renewed(&self, params: &OAuthParams) {
        let Some(hear) = &self.on_renewal else { return };
        let told = AssertUnwindSafe(async { hear(params.clone()).await }).catch_unwind().await;
        if told.is_err() {
            tracing::error!(target: keys::TARGET_AUTH, "the program's own on_renewal panicked; the new tokens are stored");
        }
    }

    /// Exchanges the refresh token: the program's way, or the usual one.
    pub(super) async fn refresh(&self, app: &OAuthApp, params: &OAuthParams) -> Result<TokenReply, Error> {
        match &self.refresh {
            Some(refresh) => refresh(params.clone()).await,
            None => app.refresh(params).await,
        }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks")
    }
}
