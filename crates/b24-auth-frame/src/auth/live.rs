//! The grant in use.

use std::time::Duration;

use b24_core::{Grant, PortalAddress};
use b24_timer::Instant;

use crate::protocol::Tokens;

/// What calls go out with, and when it should be replaced.
pub(super) struct Live {
    owner: String,
    grant: Grant,
    /// `None` where nobody has said how long it is good for: then until it is refused.
    due: Option<Instant>,
    ends: Option<Instant>,
    /// When it was asked for.
    since: Instant,
}

impl Live {
    /// The first token. The page does not say which application it belongs to; on one page there is one only.
    pub(super) fn new(portal: PortalAddress, member_id: &str, tokens: &Tokens, now: Instant) -> Self {
        let owner = format!("frame {member_id}");
        let grant = Grant::token(portal, &owner, tokens.access().clone(), 1);
        let (due, ends) = times(tokens.life(), now);
        Self { owner, grant, due, ends, since: now }
    }

    pub(super) fn grant(&self) -> &Grant {
        &self.grant
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Whether its time is over.
    pub(super) fn has_ended(&self, now: Instant) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// The grant, if its time is not over.
    pub(super) fn while_good(&self, now: Instant) -> Option<Grant> {
        (!self.has_ended(now)).then(|| self.grant.clone())
    }

    /// Whether it was asked for so recently.
    pub(super) fn is_younger_than(&self, age: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.since) < age
    }

    /// Takes tokens that were asked for at `asked`. Their life is counted from then: the answer may have lain there for
    /// long before anybody looked at it.
    pub(super) fn replace(&mut self, tokens: &Tokens, asked: Instant) -> Grant {
        let generation = self.grant.generation() + 1;
        self.grant = Grant::token(self.grant.portal().clone(), &self.owner, tokens.access().clone(), generation);
        (self.due, self.ends) = times(tokens.life(), asked);
        self.since = asked;
        self.grant.clone()
    }

    /// An early renewal has failed: the next one is tried a little later.
    pub(super) fn postpone(&mut self, now: Instant) {
        if self.is_due(now) {
            self.due = now.checked_add(PAUSE).min(self.ends);
        }
    }
}

/// When a token that began then should be replaced, and when it ends.
fn times(life: Option<Duration>, began: Instant) -> (Option<Instant>, Option<Instant>) {
    let Some(life) = life else { return (None, None) };
    let early = EARLY.min(life / 10);
    (began.checked_add(life - early), began.checked_add(life))
}

const EARLY: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(30);
