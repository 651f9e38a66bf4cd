//! One renewal, from the look at the store to the new pair.

use std::{
    future::Future,
    time::{Duration, UNIX_EPOCH},
};

use b24_core::{Error, Grant, SdkCode, keys};
use tokio::time::timeout;

use super::{
    Inner,
    failure::{self, Failure},
    keeping::{OPERATION, SAVES, Unsaved},
};
use crate::{OAuthParams, RenewalLock, StoreError, StoreErrorKind, TokenRecord, app};

/// Why there has to be another pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The token ends soon, or has ended.
    Due,
    /// The portal has refused the pair of this generation.
    Refused(u64),
}

impl Inner {
    pub(super) async fn renew(&self, reason: Reason) -> Result<Grant, Failure> {
        let mut epoch = self.state().epoch;
        if !self.has_unsaved() {
            // Another process may have been first: then there is nothing to wait for.
            if let Some(record) = self.load_good(reason).await? {
                return Ok(self.adopt(&record, &mut epoch));
            }
            if let Some(failure) = self.cooling() {
                return Err(failure);
            }
        }
        let lock = match self.lock().await {
            Ok(lock) => lock,
            // Whoever has it may have stored its pair long ago.
            Err(error) => match self.load_good(reason).await {
                Ok(Some(record)) => return Ok(self.adopt(&record, &mut epoch)),
                _ => return Err(error.into()),
            },
        };
        let unsaved = self.state().unsaved.clone();
        if let Some(pair) = unsaved {
            return self.keep(lock, *pair, epoch).await;
        }
        for _ in 0..TRIES {
            let stored = self.load().await?.ok_or_else(failure::no_tokens)?;
            if self.is_good(&stored, reason) {
                return Ok(self.adopt(&stored, &mut epoch));
            }
            self.app.admit(stored.params())?;
            // What is refused from here on is this pair, so it is the one in use.
            if self.state().live.grant().generation() != stored.generation() {
                self.publish(&stored, &mut epoch);
            }
            if !self.mark(&stored).await? {
                continue;
            }
            return match self.exchange(stored.params()).await {
                Ok(params) => {
                    let pair = Unsaved { record: stored.next(params), replaces: stored.generation() };
                    self.keep(lock, pair, epoch).await
                }
                Err(error) => self.refused(&stored, reason, error, epoch).await,
            };
        }
        Err(failure::of_the_store(StoreError::new(StoreErrorKind::Conflict)).into())
    }

    /// Writes down that this pair is being renewed; `false` when it is not the stored one any more.
    async fn mark(&self, stored: &TokenRecord) -> Result<bool, Error> {
        let marked = stored.renewing(self.app.now());
        match timeout(OPERATION, self.store.save(&self.key, &marked, Some(stored.generation()))).await {
            Ok(Ok(())) => Ok(true),
            Ok(Err(error)) if error.kind() == StoreErrorKind::Conflict => Ok(false),
            Ok(Err(error)) => Err(failure::without_tokens(failure::of_the_store(error), stored.params())),
            Err(elapsed) => Err(failure::of_the_store(StoreError::failed(elapsed))),
        }
    }

    async fn exchange(&self, params: &OAuthParams) -> Result<OAuthParams, Error> {
        let reply = self.hooks.refresh(&self.app, params).await?;
        let renewed = params.renewed(&reply, self.app.now(), |server| self.app.trusts(server))?;
        Ok(self.key.keeping_user(renewed, params))
    }

    /// Takes what another has renewed.
    fn adopt(&self, record: &TokenRecord, epoch: &mut u64) -> Grant {
        tracing::debug!(
            target: keys::TARGET_AUTH,
            { { keys::GENERATION } = record.generation() },
            "stored tokens taken over"
        );
        self.publish(record, epoch)
    }

    /// The authorisation server has refused, or said nothing.
    async fn refused(
        &self,
        stored: &TokenRecord,
        reason: Reason,
        error: Error,
        mut epoch: u64,
    ) -> Result<Grant, Failure> {
        let error = failure::without_tokens(error, stored.params());
        if !app::may_have_been_used_up(&error) {
            let now = self.load().await.ok().flatten();
            // One that did not wait for the lock may have used the refresh token up, and stored its pair.
            let other = now.as_ref().filter(|now| now.generation() != stored.generation());
            if let Some(other) = other.filter(|other| self.is_good(other, reason)) {
                return Ok(self.adopt(other, &mut epoch));
            }
            // Asked and answered: nobody was cut off here, unless an earlier send got no answer. An earlier mark is still
            // true. If it fails, ours only stays.
            if error.attempts() < 2 && now.is_some_and(|now| now.is_same_pair(stored)) {
                let _ = self.within(self.store.save(&self.key, stored, Some(stored.generation()))).await;
            }
        }
        Err(match stored.renewing_since() {
            Some(since) if error.code() == INVALID_GRANT => {
                explain(&error, since.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()).into()
            }
            _ => error.into(),
        })
    }

    /// Whether a stored pair is what is looked for.
    fn is_good(&self, record: &TokenRecord, reason: Reason) -> bool {
        let other = match reason {
            Reason::Due => true,
            Reason::Refused(generation) => record.generation() != generation,
        };
        other && !record.params().is_due(self.app.now()) && self.app.admit(record.params()).is_ok()
    }

    pub(super) async fn load(&self) -> Result<Option<TokenRecord>, Error> {
        self.within(self.store.load(&self.key)).await
    }

    async fn load_good(&self, reason: Reason) -> Result<Option<TokenRecord>, Error> {
        Ok(self.load().await?.filter(|record| self.is_good(record, reason)))
    }

    /// The failure that is not asked for again yet.
    fn cooling(&self) -> Option<Failure> {
        let state = self.state();
        state.failed.as_ref()?.still(&state.live, self.app.now()).cloned()
    }

    async fn lock(&self) -> Result<RenewalLock, Error> {
        match timeout(self.patience(), self.store.lock(&self.key)).await {
            Ok(lock) => lock.map_err(failure::of_the_store),
            Err(_) => {
                let text = "another process renews these tokens and does not come to an end";
                Err(Error::auth(SdkCode::TokenStoreFailed.as_str(), text))
            }
        }
    }

    /// Longer than a renewal of another process can take: the look, the mark, the exchange, the saves.
    fn patience(&self) -> Duration {
        let exchange = self.app.patience().max(self.hooks.patience());
        OPERATION * (2 + SAVES) + exchange + Duration::from_secs(10)
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
    app::reworded(error, text)
}

/// The refresh token is used up, too old, or not one of this application.
const INVALID_GRANT: &str = "invalid_grant";
/// How often an installation may come between the look and the mark.
const TRIES: u32 = 5;
