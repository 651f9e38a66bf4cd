//! The task of a renewal: it begins, lands however it ends, and leaves no pair behind that is not stored.

use std::sync::Arc;

use b24_core::{Grant, keys};
use tokio::{runtime::Handle, sync::oneshot};

use super::{
    Inner,
    failure::{Failed, Failure},
    renewal::Reason,
};

/// Ends a flight: done, panicked, or cut off with its runtime.
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
        if self.sender.is_none() {
            return;
        }
        self.inner.state().flight = None;
        // It panicked, perhaps with a pair in its hands.
        if let (true, Ok(runtime)) = (self.inner.has_unsaved(), Handle::try_current()) {
            runtime.spawn(Arc::clone(&self.inner).keep_trying());
        }
    }
}

pub(super) fn landed(outcome: Result<Result<Grant, Failure>, oneshot::error::RecvError>) -> Result<Grant, Failure> {
    outcome.unwrap_or_else(|_| Err(Failure::aborted()))
}

/// The task.
pub(super) async fn fly(landing: Landing, reason: Reason) {
    let inner = Arc::clone(&landing.inner);
    let outcome = match inner.renew(reason).await {
        Ok(grant) => Ok(grant),
        Err(failure) => inner.failed(reason, failure),
    };
    landing.land(outcome);
    inner.keep_trying().await;
}

impl Inner {
    /// What becomes of a failure: calls go on with the old token, or fail for a while with the same words.
    fn failed(&self, reason: Reason, failure: Failure) -> Result<Grant, Failure> {
        let now = self.app.now();
        let mut state = self.state();
        if !state.failed.as_ref().is_some_and(|failed| failed.is(&failure)) {
            let code = failure.error().code();
            tracing::warn!(target: keys::TARGET_AUTH, { { keys::ERROR_TYPE } = code }, "the tokens could not be renewed");
            state.failed = Some(Failed::after(state.failed.as_ref(), failure.clone(), &state.live, now));
        }
        if reason == Reason::Due && state.unsaved.is_none() && !failure.is_final() {
            if let Some(grant) = state.live.postpone(now) {
                return Ok(grant);
            }
        }
        Err(failure)
    }
}
