//! Tokens from the portal's page, for the stack.
//!
//! The page holds the refresh token, and exchanges it when it is asked to. So there is nothing to store and nothing to
//! lose here. What remains:
//!
//! * A token is replaced 60 s before its end (a tenth of its life before, if that is less), and when the portal refuses it.
//! * All who need a new one wait for the same answer, whichever clone or generation of the API they use.
//! * An answer that comes when nobody waits any more is used by the next call.
//! * Where the page does not answer, and the old token is still good, calls go on with it.
//! * Where the portal refuses a new token at once, asking is no help, and is left for 30 s.

mod future;
mod live;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use b24_core::{Authenticator, Grant, keys};
use b24_timer::Instant;
use futures_util::FutureExt;

use self::{future::Flight, live::Live};
use crate::{
    Conversation, FrameError,
    protocol::{Command, InitData, Payload, Tokens},
};
pub use future::GrantFuture;

/// The tokens of the user who has opened the application: an [`Authenticator`] for the stack. Clones share everything.
#[derive(Clone)]
pub struct FrameAuth(Arc<Inner>);

struct Inner {
    conversation: Conversation,
    state: Mutex<State>,
}

struct State {
    live: Live,
    /// The question to the page that is under way, or that nobody has waited for to the end.
    flight: Option<Flight>,
    /// The generation that the portal refused although it was new, and when.
    futile: Option<(u64, Instant)>,
}

impl FrameAuth {
    pub(crate) fn new(conversation: Conversation, init: &InitData) -> Self {
        let live = Live::new(conversation.name().portal().clone(), &init.member_id, &init.tokens, Instant::now());
        Self(Arc::new(Inner { conversation, state: Mutex::new(State { live, flight: None, futile: None }) }))
    }

    /// Asks the page for a new token, or waits for the answer that is on its way.
    fn join<'a>(&'a self, mut state: MutexGuard<'a, State>, otherwise: Option<Grant>) -> GrantFuture {
        if let Some(flight) = state.flight.clone() {
            drop(state);
            // Nobody may have looked at it for long: its answer may be there, or its time be over.
            match flight.clone().now_or_never() {
                None => return GrantFuture::waiting(flight, otherwise),
                Some(Ok(grant)) => return grant.into(),
                Some(Err(_)) => {}
            }
            state = self.0.state();
            // Somebody else may have been here.
            if let Some(flight) = state.flight.clone() {
                return GrantFuture::waiting(flight, otherwise);
            }
        }
        let flight = fly(Arc::downgrade(&self.0), self.0.conversation.clone()).boxed().shared();
        state.flight = Some(flight.clone());
        GrantFuture::waiting(flight, otherwise)
    }
}

/// One question to the page, from the command to the new grant. It keeps nothing alive that nobody uses.
async fn fly(inner: Weak<Inner>, conversation: Conversation) -> Result<Grant, FrameError> {
    let command = Command::REFRESH_AUTH;
    let outcome = conversation
        .ask(&command, Payload::Nothing)
        .await
        .and_then(|answer| Tokens::parse(&answer).map_err(|why| FrameError::bad_answer(&command, why)));
    let inner = inner.upgrade().ok_or(FrameError::Destroyed)?;
    let mut state = inner.state();
    let now = Instant::now();
    let landed = match outcome {
        Ok(tokens) => {
            let grant = state.live.replace(&tokens, now);
            tracing::debug!(
                target: keys::TARGET_AUTH,
                { { keys::GENERATION } = grant.generation() },
                "the portal's page has renewed the token"
            );
            Ok(grant)
        }
        Err(error) => {
            tracing::warn!(target: keys::TARGET_AUTH, { { keys::ERROR_TYPE } = error.code().as_str() }, "{error}");
            state.live.postpone(now);
            Err(error)
        }
    };
    // Whoever holds it has the outcome; the next one begins anew. It is let go of without the lock.
    let flight = state.flight.take();
    drop(state);
    drop(flight);
    landed
}

impl Authenticator for FrameAuth {
    type Future = GrantFuture;

    fn authorize(&self) -> GrantFuture {
        let now = Instant::now();
        let state = self.0.state();
        if state.live.is_due(now) {
            let good = state.live.while_good(now);
            self.join(state, good)
        } else {
            state.live.grant().clone().into()
        }
    }

    fn renew(&self, rejected: &Grant) -> GrantFuture {
        let now = Instant::now();
        let state = self.0.state();
        let live = state.live.grant();
        let futile = state
            .futile
            .is_some_and(|(of, at)| of == rejected.generation() && now.saturating_duration_since(at) < FUTILE);
        // A refusal that comes in late: what was refused has been replaced meanwhile. Or one that no renewal heals.
        if live.generation() != rejected.generation() || futile {
            return live.clone().into();
        }
        self.join(state, None)
    }

    fn refused_again(&self, renewed: &Grant) {
        self.0.state().futile = Some((renewed.generation(), Instant::now()));
    }
}

impl Inner {
    /// No panic can leave it half changed: nothing under the lock panics.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FrameAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameAuth").field("portal", self.0.conversation.name().portal()).finish_non_exhaustive()
    }
}

/// For how long nothing is renewed that renewing has not helped.
const FUTILE: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
