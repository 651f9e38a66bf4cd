//! One renewal, from the look at the store to the new grant.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use b24_core::{Error, Grant, SdkCode, keys};
use tokio::{sync::oneshot, time::timeout};

use super::{
    Inner,
    failure::{self, Failed, Failure},
};
use crate::{OAuthParams, RenewalLock, StoreError, StoreErrorKind, TokenRecord, app};

/// Why there has to be another pair.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    /// The token ends soon, or has ended.
    Due,
    /// The portal has refused the pair of this generation.
    Refused(u64),
}

/// Ends a flight, however it ends: done, panicked, or cut off with its runtime.
pub(super) struct Landing {
    inner: Arc<Inner>,
    sender: Option<oneshot::Sender<Result<Grant, Failure>>>,
}

impl Landing {
    pub(super) fn new(inner: Arc<Inner>, sender: oneshot::Sender<Result<Grant, Failure>>) -> Self {
        Self { inner, sender: Some(sender) }
    }

    fn land(mut self, outcome: Result<Grant, Failure>) {
        // Whoever is woken by it may begin the next one.
        self.inner.state().flight = None;
        if let Some(sender) = self.sender.take() {
            let _ = sender.send(outcome);
        }
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        if self.sender.is_some() {
            self.inner.state().flight = None;
        }
    }
}

/// The task of a renewal.
pub(super) async fn run(landing: Landing, reason: Reason) {
    let inner = &landing.inner;
    let outcome = match inner.renew(reason).await {
        Ok(grant) => Ok(grant),
        Err(error) => inner.failed(reason, error.into()),
    };
    landing.land(outcome);
}

impl Inner {
    async fn renew(&self, reason: Reason) -> Result<Grant, Error> {
        if self.state().unsaved.is_none() {
            // Another process may have been first: then there is nothing to wait for.
            if let Some(record) = self.load().await?.filter(|record| self.is_good(record, reason)) {
                return Ok(self.adopt(&record));
            }
        }
        let _lock = self.lock().await?;
        let unsaved = self.state().unsaved.clone();
        if let Some(record) = unsaved {
            return self.keep(record).await;
        }
        let stored = self.load().await?.ok_or_else(failure::no_tokens)?;
        if self.is_good(&stored, reason) {
            return Ok(self.adopt(&stored));
        }
        let marked = stored.renewing(self.app.now());
        self.within(self.store.save(&self.key, &marked, Some(stored.generation()))).await?;
        match self.exchange(stored.params()).await {
            Ok(params) => self.keep(stored.next(params)).await,
            Err(error) => self.refused(&stored, reason, error).await,
        }
    }

    async fn exchange(&self, params: &OAuthParams) -> Result<OAuthParams, Error> {
        self.app.admit(params)?;
        let reply = self.hooks.refresh(&self.app, params).await?;
        params.renewed(&reply, self.app.now(), |server| self.app.trusts(server))
    }

    /// Stores a new pair, tells of it, and only then uses it. From here on nothing may lose it: the old pair is gone.
    async fn keep(&self, record: TokenRecord) -> Result<Grant, Error> {
        if let Err(error) = self.save(&record).await {
            if error.kind() == StoreErrorKind::Conflict {
                // Somebody else's pair is there: of a new installation, or of a process that did not wait for the lock.
                tracing::warn!(target: keys::TARGET_AUTH, "the stored tokens were replaced during a renewal, and are used");
                self.state().unsaved = None;
                let stored = self.load().await?.ok_or_else(failure::no_tokens)?;
                return Ok(self.adopt(&stored));
            }
            tracing::error!(
                target: keys::TARGET_AUTH,
                "the new tokens could not be stored; they are kept in memory and tried again with the next call"
            );
            self.state().unsaved = Some(record);
            return Err(failure::of_the_store(error));
        }
        self.hooks.renewed(record.params()).await;
        tracing::info!(target: keys::TARGET_AUTH, { { keys::GENERATION } = record.generation() }, "tokens renewed and stored");
        Ok(self.publish(&record))
    }

    /// Takes what another has renewed.
    fn adopt(&self, record: &TokenRecord) -> Grant {
        tracing::debug!(target: keys::TARGET_AUTH, { { keys::GENERATION } = record.generation() }, "stored tokens taken over");
        self.publish(record)
    }

    /// The authorisation server has refused, or said nothing.
    async fn refused(&self, stored: &TokenRecord, reason: Reason, error: Error) -> Result<Grant, Error> {
        let refused = app::is_refusal(&error);
        if refused {
            // One that did not wait for the lock may have used the refresh token up, and stored its pair.
            if let Ok(Some(now)) = self.load().await {
                if now.generation() != stored.generation() && self.is_good(&now, reason) {
                    return Ok(self.adopt(&now));
                }
            }
            // Asked and answered: nobody was cut off here. If it fails, the mark only stays.
            let unmarked = stored.unmarked();
            let _ = self.within(self.store.save(&self.key, &unmarked, Some(stored.generation()))).await;
        }
        Err(match stored.renewing_since() {
            Some(since) if refused => {
                let since = since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
                explain(&error, since)
            }
            _ => error,
        })
    }

    /// What becomes of a failure: calls go on with the old token, or fail for a while with the same words.
    fn failed(&self, reason: Reason, failure: Failure) -> Result<Grant, Failure> {
        let now = self.app.now();
        let code = failure.error().code();
        tracing::warn!(target: keys::TARGET_AUTH, { { keys::ERROR_TYPE } = code }, "the tokens could not be renewed");
        let mut state = self.state();
        if failure.is_final() {
            state.failed = Some(Failed::new(failure.clone(), &state.live, now));
        } else if let (Reason::Due, true) = (reason, state.unsaved.is_none()) {
            if let Some(grant) = state.live.postpone(now) {
                return Ok(grant);
            }
        }
        Err(failure)
    }

    /// Whether a stored pair is what is looked for.
    fn is_good(&self, record: &TokenRecord, reason: Reason) -> bool {
        let other = match reason {
            Reason::Due => true,
            Reason::Refused(generation) => record.generation() != generation,
        };
        other && !record.params().is_due(self.app.now()) && self.app.admit(record.params()).is_ok()
    }

    async fn load(&self) -> Result<Option<TokenRecord>, Error> {
        self.within(self.store.load(&self.key)).await
    }

    async fn lock(&self) -> Result<RenewalLock, Error> {
        match timeout(LOCK, self.store.lock(&self.key)).await {
            Ok(lock) => lock.map_err(failure::of_the_store),
            Err(_) => {
                let text = "another process renews these tokens and does not come to an end";
                Err(Error::auth(SdkCode::TokenStoreFailed.as_str(), text))
            }
        }
    }

    /// Saves a new pair; a store that fails for a moment is tried again.
    async fn save(&self, record: &TokenRecord) -> Result<(), StoreError> {
        let mut tries = 0;
        let expected = record.generation().checked_sub(1);
        loop {
            let outcome = match timeout(OPERATION, self.store.save(&self.key, record, expected)).await {
                Ok(outcome) => outcome,
                Err(elapsed) => Err(StoreError::failed(elapsed)),
            };
            tries += 1;
            match outcome {
                // What was said to have failed may have been done.
                Err(error) if error.kind() == StoreErrorKind::Conflict && tries > 1 && self.is_stored(record).await => {
                    return Ok(());
                }
                Err(error) if error.kind() != StoreErrorKind::Conflict && tries < SAVES => {
                    tokio::time::sleep(Duration::from_millis(50 << tries)).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn is_stored(&self, record: &TokenRecord) -> bool {
        let stored = self.load().await.ok().flatten();
        stored.is_some_and(|stored| {
            stored.generation() == record.generation()
                && stored.params().access_token().matches(record.params().access_token().expose())
        })
    }

    async fn within<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, Error> {
        match timeout(OPERATION, work).await {
            Ok(outcome) => outcome.map_err(failure::of_the_store),
            Err(elapsed) => Err(failure::of_the_store(StoreError::failed(elapsed))),
        }
    }
}

/// A refusal of a pair whose renewal somebody began and did not end.
fn explain(error: &Error, since: u64) -> Error {
    let text = format!(
        "{}; a renewal that began {since} s after 1970 was cut off before its pair was stored, and has used this one up: \
         the application has to be installed or opened once more",
        error.message()
    );
    let explained = Error::auth(error.code().to_owned(), text);
    match error.status() {
        Some(status) => explained.with_status(status),
        None => explained,
    }
}

/// One operation of a store.
const OPERATION: Duration = Duration::from_secs(15);
/// Longer than a renewal of another process can take: three sends, and the store.
const LOCK: Duration = Duration::from_secs(120);
/// How often a new pair is tried to be stored before it is kept for later.
const SAVES: u32 = 6;
