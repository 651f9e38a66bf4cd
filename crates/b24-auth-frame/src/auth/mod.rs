//! Tokens from the portal's page, for the stack.
//!
//! The page holds the refresh token, and exchanges it when it is asked to. So there is nothing to store and nothing to
//! lose here. What remains:
//!
//! * A new token is asked for 60 s before the end of the old one (a tenth of its life before, if that is less), by a call
//!   that comes then, and when the portal refuses it.
//! * No call waits for the page while its token is good: it goes out with the old one.
//! * All who need a new one wait for the same answer, whichever clone or generation of the API they use.
//! * An answer that comes when nobody waits any more is used by the next call.
//! * Where the portal refuses a new token at once, asking is no help, and is left for 30 s.

mod flight;
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

use self::{flight::Flight, live::Live};
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

    /// The grant that is there, or a new one where its time is over. Where it is nearly over, it asks ahead.
    fn current<'a>(&'a self, state: MutexGuard<'a, State>, now: Instant) -> GrantFuture {
        if state.live.is_due(now) {
            let good = state.live.while_good(now);
            self.join(state, good)
        } else {
            state.live.grant().clone().into()
        }
    }

    /// Asks the page for a new token, or joins those who have. It is waited for where there is no `good` one.
    fn join<'a>(&'a self, mut state: MutexGuard<'a, State>, good: Option<Grant>) -> GrantFuture {
        if let Some(flight) = state.flight.clone() {
            drop(state);
            // Nobody may have looked at it for long: its answer may be there, or its time be over, or both.
            let landed = flight.look();
            state = self.0.state();
            match landed {
                None => return GrantFuture::waiting(flight, good),
                // Put off.
                Some(Err(_)) if good.is_some() && !state.live.is_due(Instant::now()) => {
                    return state.live.grant().clone().into();
                }
                Some(Ok(_)) if !state.live.has_ended(Instant::now()) => return state.live.grant().clone().into(),
                Some(_) => {}
            }
            // Somebody else may have been here.
            if let Some(other) = state.flight.clone().filter(|other| !other.is(&flight)) {
                return GrantFuture::waiting(other, good);
            }
        }
        let flight = Flight::new(fly(Arc::downgrade(&self.0), self.0.conversation.clone()).boxed());
        let before = state.flight.replace(flight.clone());
        drop(state);
        drop(before);
        GrantFuture::waiting(flight, good)
    }
}

/// One question to the page, from the command to the new grant. It keeps nothing alive that nobody uses.
async fn fly(inner: Weak<Inner>, conversation: Conversation) -> Result<Grant, FrameError> {
    let command = Command::REFRESH_AUTH;
    let asked = Instant::now();
    let outcome = conversation
        .ask(&command, Payload::Nothing)
        .await
        .and_then(|answer| Tokens::parse(&answer).map_err(|why| FrameError::bad_answer(&command, why)));
    let inner = inner.upgrade().ok_or(FrameError::Destroyed)?;
    let (landed, flight) = {
        let mut state = inner.state();
        let landed = outcome.map(|tokens| state.live.replace(&tokens, asked));
        if landed.is_err() {
            state.live.postpone(Instant::now());
        }
        // Whoever holds it has the outcome; the next one begins anew.
        (landed, state.flight.take())
    };
    // Without the lock: what is dropped or told here may come back.
    drop(flight);
    match &landed {
        Ok(grant) => tracing::debug!(
            target: keys::TARGET_AUTH,
            { { keys::GENERATION } = grant.generation() },
            "the portal's page has renewed the token"
        ),
        Err(error) => {
            tracing::warn!(target: keys::TARGET_AUTH, { { keys::ERROR_TYPE } = error.code().as_str() }, "{error}");
        }
    }
    landed
}

impl Authenticator for FrameAuth {
    type Future = GrantFuture;

    fn authorize(&self) -> GrantFuture {
        self.current(self.0.state(), Instant::now())
    }

    fn renew(&self, rejected: &Grant) -> GrantFuture {
        let now = Instant::now();
        let state = self.0.state();
        let live = state.live.grant();
        // A refusal that comes in late: what was refused has been replaced meanwhile.
        if live.generation() != rejected.generation() {
            return self.current(state, now);
        }
        // One that no renewal heals.
        if state.futile.is_some_and(|(of, at)| of == live.generation() && now.saturating_duration_since(at) < FUTILE) {
            return live.clone().into();
        }
        self.join(state, None)
    }

    fn refused_again(&self, renewed: &Grant) {
        let now = Instant::now();
        let mut state = self.0.state();
        // A token that is not new may have been refused for its age, or because somebody has revoked it.
        if renewed.generation() == state.live.grant().generation() && state.live.is_younger_than(FUTILE, now) {
            state.futile = Some((renewed.generation(), now));
        }
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
