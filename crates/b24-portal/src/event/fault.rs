//! Faults on the way of an event: what a queue service, a network or a stranger makes of it.

use std::time::Duration;

/// A fault that waits for its event.
///
/// By default it takes the next letter to a handler, once. Faults are tried in the order they were queued, and of those
/// that fit only the first strikes.
///
/// ```
/// use std::time::Duration;
/// use b24_portal::EventFault;
///
/// // Everything comes twice.
/// let fault = EventFault::duplicated().times(u32::MAX);
/// // A thousand forgeries among nine thousand events.
/// let fault = EventFault::forged().every(9).times(1_000);
/// // The next new deal is heard of a minute late.
/// let fault = EventFault::delayed(Duration::from_secs(60)).for_event("ONCRMDEALADD");
/// ```
#[derive(Clone, Debug)]
pub struct EventFault {
    pub(crate) kind: Kind,
    event: Option<String>,
    times: u32,
    every: u32,
    /// How many letters it has let pass since it struck.
    passed: u32,
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Duplicate,
    Delay(Duration),
    Overtake,
    Lose,
    /// Another letter goes out before it, with a wrong token or with none.
    Forge {
        token: bool,
    },
}

impl EventFault {
    /// The letter is sent twice, word for word.
    #[must_use]
    pub fn duplicated() -> Self {
        Self::new(Kind::Duplicate)
    }

    /// The letter is sent after so long, on the portal's clock. A [`VirtualClock`](crate::VirtualClock) steps forward.
    #[must_use]
    pub fn delayed(by: Duration) -> Self {
        Self::new(Kind::Delay(by))
    }

    /// The letter is kept back until the next one has gone out that this fault does not strike.
    ///
    /// Several go out in the reverse order.
    /// [`Portal::deliveries_done`](crate::Portal::deliveries_done) lets go of what is still kept back.
    #[must_use]
    pub fn overtaken() -> Self {
        Self::new(Kind::Overtake)
    }

    /// The letter is never sent.
    #[must_use]
    pub fn lost() -> Self {
        Self::new(Kind::Lose)
    }

    /// Before the letter goes another one like it, with tokens that are not the portal's: `application_token` as well as
    /// the others.
    #[must_use]
    pub fn forged() -> Self {
        Self::new(Kind::Forge { token: true })
    }

    /// Before the letter goes another one like it, without `application_token` and with other tokens than the portal's.
    #[must_use]
    pub fn forged_without_token() -> Self {
        Self::new(Kind::Forge { token: false })
    }

    /// Waits for this event, in any case of letters. A call of a robot has its code for a name.
    #[must_use]
    pub fn for_event(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into());
        self
    }

    /// Strikes this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Strikes only each `nth` letter it could.
    #[must_use]
    pub fn every(mut self, nth: u32) -> Self {
        self.every = nth.max(1);
        self
    }

    fn new(kind: Kind) -> Self {
        Self { kind, event: None, times: 1, every: 1, passed: 0 }
    }

    fn strikes(&mut self, event: &str) -> bool {
        if self.times == 0 || self.event.as_ref().is_some_and(|wanted| !wanted.eq_ignore_ascii_case(event)) {
            return false;
        }
        self.passed += 1;
        let struck = self.passed >= self.every;
        if struck {
            (self.passed, self.times) = (0, self.times - 1);
        }
        struck
    }
}

/// Takes the fault that strikes a letter about this event.
pub(crate) fn strike(faults: &mut Vec<EventFault>, event: &str) -> Option<Kind> {
    let kind = faults.iter_mut().find_map(|fault| fault.strikes(event).then_some(fault.kind));
    faults.retain(|fault| fault.times > 0);
    kind
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_for_its_event_and_lets_others_pass() {
        let mut faults = vec![EventFault::lost().for_event("OnCrmDealAdd").every(2).times(2)];
        let mut struck = |event| strike(&mut faults, event).is_some();
        assert_eq!(
            ["ONTASKADD", "ONCRMDEALADD", "ONTASKADD", "ONCRMDEALADD"].map(&mut struck),
            [false, false, false, true]
        );
        assert_eq!(["ONCRMDEALADD"; 4].map(&mut struck), [false, true, false, false]);
        assert!(faults.is_empty());
    }
}
