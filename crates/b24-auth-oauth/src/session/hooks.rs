//! What a program wants to hear or to do itself.

use std::{fmt, future::Future, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use b24_core::{Error, SdkCode, keys};
use futures_util::{FutureExt, future::BoxFuture};

use tokio::time::timeout;

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
        let told = AssertUnwindSafe(async { hear(params.clone()).await }).catch_unwind();
        match timeout(HEARING, told).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => tracing::error!(target: keys::TARGET_AUTH, "on_renewal panicked; the new tokens are stored"),
            Err(_) => tracing::error!(target: keys::TARGET_AUTH, "on_renewal does not end; the new tokens are stored"),
        }
    }

    /// Exchanges the refresh token: the program's way, or the usual one.
    pub(super) async fn refresh(&self, app: &OAuthApp, params: &OAuthParams) -> Result<TokenReply, Error> {
        match &self.refresh {
            Some(refresh) => match timeout(REFRESHING, refresh(params.clone())).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    let text = "the program's own renewal did not end in time";
                    Err(Error::auth(SdkCode::RequestTimeout.as_str(), text))
                }
            },
            None => app.refresh(params).await,
        }
    }

    /// How long [`refresh`](Self::refresh) can take when it is the program's.
    pub(super) fn patience(&self) -> Duration {
        if self.refresh.is_some() { REFRESHING } else { Duration::ZERO }
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hooks")
    }
}

/// How long calls wait for what a program does with new tokens.
const HEARING: Duration = Duration::from_secs(30);
/// How long a program's own renewal may take.
const REFRESHING: Duration = Duration::from_secs(120);
