//! The letters to be sent, and the faults that strike them.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::EventFault;
use super::fault::{self, Kind};
use super::outgoing::OutgoingEvent;
use crate::php::form;
use crate::rng::{self, Secret};
use crate::value::{Array, Value};

/// Letters to be sent, in their order.
pub(crate) struct Outbox {
    seed: u64,
    faults: Vec<EventFault>,
    ready: VecDeque<OutgoingEvent>,
    /// Letters that wait to be overtaken.
    kept_back: Vec<OutgoingEvent>,
    forged: u64,
}

impl Outbox {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, faults: Vec::new(), ready: VecDeque::new(), kept_back: Vec::new(), forged: 0 }
    }

    pub(crate) fn fault(&mut self, fault: EventFault) {
        self.faults.push(fault);
    }

    pub(crate) fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Posts a letter, which a fault may strike.
    pub(crate) fn post(&mut self, event: &str, url: &str, letter: &Array) {
        let mut own = OutgoingEvent {
            event: event.to_owned(),
            url: url.to_owned(),
            body: Bytes::from(form::build(letter)),
            delay: Duration::ZERO,
            forged: false,
            lost: false,
        };
        match fault::strike(&mut self.faults, event) {
            Some(Kind::Overtake) => return self.kept_back.push(own),
            Some(Kind::Duplicate) => self.ready.push_back(own.clone()),
            Some(Kind::Delay(by)) => own.delay = by,
            Some(Kind::Lose) => own.lost = true,
            Some(Kind::Forge { token }) => {
                let body = Bytes::from(form::build(&self.forge(letter, token)));
                self.ready.push_back(OutgoingEvent { body, forged: true, ..own.clone() });
            }
            None => {}
        }
        self.ready.push_back(own);
        self.let_go();
    }

    /// Sends what is kept back, although nothing has overtaken it.
    pub(crate) fn let_go(&mut self) {
        self.ready.extend(self.kept_back.drain(..).rev());
    }

    pub(crate) fn take(&mut self) -> Vec<OutgoingEvent> {
        self.ready.drain(..).collect()
    }

    /// The same letter with other secrets.
    fn forge(&mut self, letter: &Array, token: bool) -> Array {
        let mut forged = letter.clone();
        let Value::Array(auth) = forged.slot("auth".into()) else { return forged };
        self.forged += 1;
        for (number, name) in (0..).zip(["application_token", "access_token", "refresh_token"]) {
            if auth.get(name).is_some() {
                auth.set(name, rng::letters(self.seed, Secret::Forged, 3 * self.forged + number, 32));
            }
        }
        if !token {
            auth.take("application_token");
        }
        forged
    }
}

impl fmt::Debug for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("ready", &self.ready.len()).field("faults", &self.faults).finish_non_exhaustive()
    }
}
