//! A new pair on its way into the store. From the moment it is here nothing may lose it: the old one is gone.

use std::{sync::Arc, time::Duration};

use b24_core::{Grant, keys};
use tokio::time::timeout;

use super::{
    Inner,
    failure::{self, Failure},
    renewal::Reason,
};
use crate::{RenewalLock, StoreError, StoreErrorKind, TokenRecord};

/// A pair that is not stored yet, and the generation it replaces.
#[derive(Clone)]
pub(super) struct Unsaved {
    pub(super) record: TokenRecord,
    pub(super) replaces: u64,
}

impl Inner {
    /// Stores a new pair, uses it, and tells of it. The lock ends when it is stored: others need not wait for what the
    /// program does with it.
    pub(super) async fn keep(&self, lock: RenewalLock, pair: Unsaved, epoch: u64) -> Result<Grant, Failure> {
        // First of all: whatever happens to this task, the next one finds it.
        self.state().unsaved = Some(Box::new(pair.clone()));
        let record = &pair.record;
        match self.save(&pair).await {
            Ok(()) => {}
            Err(error) if error.kind() == StoreErrorKind::Conflict => return self.give_way(epoch).await,
            Err(error) => {
                tracing::error!(
                    target: keys::TARGET_AUTH,
                    "the new tokens could not be stored; they are kept in memory and tried again"
                );
                return Err(failure::without_tokens(failure::of_the_store(error), record.params()).into());
            }
        }
        let grant = {
            let now = self.app.now();
            let mut state = self.state();
            state.unsaved = None;
            state.exchanged = Some((record.generation(), now));
            state.take_if_newer(&self.app, record)
        };
        drop(lock);
        tracing::info!(
            target: keys::TARGET_AUTH,
            { { keys::GENERATION } = record.generation() },
            "tokens renewed and stored"
        );
        self.hooks.renewed(record.params()).await;
        Ok(grant)
    }

    /// Somebody else's pair is stored: of a new installation, or of a process that did not wait for the lock.
    async fn give_way(&self, mut epoch: u64) -> Result<Grant, Failure> {
        tracing::warn!(target: keys::TARGET_AUTH, "the stored tokens were replaced during a renewal, and are used");
        self.state().unsaved = None;
        let stored = self.load().await?.ok_or_else(failure::no_tokens)?;
        self.app.admit(stored.params())?;
        Ok(self.publish(&stored, &mut epoch))
    }

    /// Saves a new pair; a store that fails for a moment is tried again.
    async fn save(&self, pair: &Unsaved) -> Result<(), StoreError> {
        let mut tries = 0;
        loop {
            let saving = self.store.save(&self.key, &pair.record, Some(pair.replaces));
            let outcome = match timeout(OPERATION, saving).await {
                Ok(outcome) => outcome,
                Err(elapsed) => Err(StoreError::failed(elapsed)),
            };
            tries += 1;
            match outcome {
                // What was said to have failed may have been done.
                Err(error) if error.kind() == StoreErrorKind::Conflict => {
                    return if self.is_stored(&pair.record).await { Ok(()) } else { Err(error) };
                }
                Err(_) if tries < SAVES => tokio::time::sleep(Duration::from_millis(50 << tries)).await,
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

    /// Tries again and again to store a pair that could not be stored, whether anybody asks for it or not. It holds the
    /// session while it does, so the pair outlives all handles on it.
    pub(super) async fn keep_trying(self: Arc<Self>) {
        let Some(_keeper) = Keeper::new(&self) else { return };
        let mut pause = FIRST_PAUSE;
        while self.has_unsaved() {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            if self.has_unsaved() {
                let _ = self.join_now(Reason::Due).await;
            }
        }
    }
}

/// One task at a time sees to a pair that is not stored.
struct Keeper(Arc<Inner>);

impl Keeper {
    /// `None` when there is nothing to keep, or somebody does.
    fn new(inner: &Arc<Inner>) -> Option<Self> {
        let mut state = inner.state();
        if state.unsaved.is_none() || state.has_keeper {
            return None;
        }
        state.has_keeper = true;
        Some(Self(Arc::clone(inner)))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.state().has_keeper = false;
    }
}

/// One operation of a store.
pub(super) const OPERATION: Duration = Duration::from_secs(15);
/// How often a new pair is tried to be stored before the calls that wait for it fail.
pub(super) const SAVES: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
