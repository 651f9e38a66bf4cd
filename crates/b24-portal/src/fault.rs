//! Faults: what a network, a proxy or a portal in trouble does to a request.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use crate::config::Dialect;
use crate::engine::error::Refusal;
use crate::page;
use crate::value::{self, map};

/// A fault that waits for its request.
///
/// By default it takes the next request, once. Faults are tried in the order they were queued.
///
/// ```
/// use b24_portal::Fault;
///
/// // The deal is added, but the answer never arrives, twice.
/// let fault = Fault::lost_response().for_method("crm.deal.add").times(2);
/// // A proxy gives up before the portal sees the request.
/// let fault = Fault::html(502);
/// // The same page, although the method has run.
/// let fault = Fault::html(504).after_handler();
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    kind: Kind,
    phase: Phase,
    method: Option<String>,
    times: u32,
}

/// What a fault does.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Answer this instead.
    Answer(Answer),
    /// Refuse as the portal itself would, in its dialect.
    Refuse(fn(Dialect) -> Refusal),
    /// Answer nothing: close the connection.
    Close,
    /// Answer nothing: reset the connection.
    Reset,
    /// The answer in pieces, with a pause before each.
    Slow { piece: usize, pause: Duration },
    /// The announced length, but only this many bytes.
    Truncated { keep: usize },
}

/// A canned answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    /// The origin that the path of the request is on now.
    pub(crate) moved_to: Option<String>,
    /// Whether the portal wrote it, which lets pages of other origins read it; a proxy's answer they cannot.
    pub(crate) by_portal: bool,
    pub(crate) body: Bytes,
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// As soon as the head of the request is there; the body stays unread.
    Unread,
    /// Before the method runs.
    Before,
    /// After the method has run: its effects stay.
    After,
}

impl Fault {
    /// The method runs, then the connection closes without an answer.
    #[must_use]
    pub fn lost_response() -> Self {
        Self::new(Kind::Close, Phase::After)
    }

    /// The connection is reset before the method runs.
    #[must_use]
    pub fn reset() -> Self {
        Self::new(Kind::Reset, Phase::Before)
    }

    /// The connection is reset before the body of the request is read.
    #[must_use]
    pub fn reset_unread() -> Self {
        Self::new(Kind::Reset, Phase::Unread)
    }

    /// A page of HTML with this status, as a proxy sends it; 500 when the number is no status.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::answer(status, "text/html", page::nginx(&status.to_string()).into())
    }

    /// 503 `QUERY_LIMIT_EXCEEDED`, whatever the bucket says.
    #[must_use]
    pub fn query_limit_exceeded() -> Self {
        Self::new(Kind::Refuse(|_| Refusal::too_many_requests()), Phase::Before)
    }

    /// 302 to the same path and query on `origin`, such as `https://new.bitrix24.com`: the portal was renamed.
    ///
    /// A renamed portal does so for every request: [`times`](Self::times) `(u32::MAX)` keeps it up.
    /// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/change-domen.html>
    #[must_use]
    pub fn moved(origin: impl Into<String>) -> Self {
        let mut fault = Self::html(302);
        if let Kind::Answer(answer) = &mut fault.kind {
            answer.moved_to = Some(origin.into());
        }
        fault
    }

    /// `PORTAL_DELETED`: 410 as live servers answer it, 500 as documented, by the portal's [`Dialect`].
    #[must_use]
    pub fn deleted() -> Self {
        Self::new(Kind::Refuse(Refusal::portal_deleted), Phase::Before)
    }

    /// `OVERLOAD_LIMIT`, the block by support that no retry lifts: 401 as live servers answer it, 503 as documented.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(Kind::Refuse(Refusal::overload_limit), Phase::Before)
    }

    /// The true answer, but in pieces of `piece` bytes with a `pause` before each.
    #[must_use]
    pub fn slow_body(piece: usize, pause: Duration) -> Self {
        Self::new(Kind::Slow { piece: piece.max(1), pause }, Phase::After)
    }

    /// The true answer's head and its first `keep` bytes, then the connection closes.
    #[must_use]
    pub fn truncated_body(keep: usize) -> Self {
        Self::new(Kind::Truncated { keep }, Phase::After)
    }

    /// Any answer at all; 500 when the number is no status.
    #[must_use]
    pub fn reply(status: u16, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::answer(status, content_type, body.into())
    }

    /// A refusal in the portal's own words: `{"error": code, "error_description": ""}` with this status.
    ///
    /// ```
    /// use b24_portal::Fault;
    ///
    /// // For Portal::auth_fault: the authorisation server is being looked after.
    /// let fault = Fault::refusal(503, "temporarily_unavailable").times(2);
    /// ```
    #[must_use]
    pub fn refusal(status: u16, code: impl Into<String>) -> Self {
        let body = map! { "error" => code.into(), "error_description" => "" };
        let mut fault = Self::reply(status, "application/json; charset=utf-8", value::to_bytes(&body.into()));
        if let Kind::Answer(answer) = &mut fault.kind {
            answer.by_portal = true;
        }
        fault
    }

    /// Strikes before the method runs: nothing happens on the portal.
    ///
    /// Has no effect on [`slow_body`](Self::slow_body) and [`truncated_body`](Self::truncated_body), which need the answer.
    #[must_use]
    pub fn before_handler(mut self) -> Self {
        if !matches!(self.kind, Kind::Slow { .. } | Kind::Truncated { .. }) {
            self.phase = Phase::Before;
        }
        self
    }

    /// Strikes after the method has run: its effects stay.
    #[must_use]
    pub fn after_handler(mut self) -> Self {
        self.phase = Phase::After;
        self
    }

    /// Waits for a request of this REST method, in any case of letters.
    #[must_use]
    pub fn for_method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Strikes this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn answer(status: StatusCode, content_type: impl Into<String>, body: Bytes) -> Self {
        let answer = Answer { status, content_type: content_type.into(), moved_to: None, by_portal: false, body };
        Self::new(Kind::Answer(answer), Phase::Before)
    }

    fn new(kind: Kind, phase: Phase) -> Self {
        Self { kind, phase, method: None, times: 1 }
    }
}

/// The faults still to strike.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the fault that strikes this request in this phase.
    pub(crate) fn strike(&mut self, phase: Phase, method: &str) -> Option<Kind> {
        let at = self.0.iter().position(|fault| {
            fault.phase == phase
                && fault.times > 0
                && fault.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        })?;
        let kind = self.0[at].kind.clone();
        self.0[at].times -= 1;
        self.0.retain(|fault| fault.times > 0);
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_waits_for_its_method_and_strikes_so_many_times() {
        let mut faults = Faults::default();
        faults.push(Fault::html(502).for_method("Crm.Deal.Add").times(2));
        assert!(faults.strike(Phase::Before, "user.current").is_none());
        assert!(faults.strike(Phase::After, "crm.deal.add").is_none());
        assert!(faults.strike(Phase::Before, "crm.deal.add").is_some());
        assert!(faults.strike(Phase::Before, "crm.deal.add").is_some());
        assert!(faults.strike(Phase::Before, "crm.deal.add").is_none());
    }

    #[test]
    fn faults_strike_in_the_order_they_were_queued() {
        let mut faults = Faults::default();
        faults.push(Fault::reset());
        faults.push(Fault::lost_response().before_handler());
        assert!(matches!(faults.strike(Phase::Before, "x"), Some(Kind::Reset)));
        assert!(matches!(faults.strike(Phase::Before, "x"), Some(Kind::Close)));
    }
}
