//! Robots and activities of an application: what they are called with, and what they answer.
//!
//! <https://apidocs.bitrix24.com/api-reference/bizproc/bizproc-robot/index.html>

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::read;
use crate::rng::{self, Secret};
use crate::value::{Array, Value, map, to_bytes};

/// A run of an application's robot or activity in a workflow.
///
/// ```
/// use std::time::Duration;
/// use b24_portal::RobotCall;
///
/// let call = RobotCall::new("send_sms")
///     .property("phone", "+1 555 0100")
///     .document(["crm", "CCrmDocumentDeal", "DEAL_5"])
///     .waits(Duration::from_secs(600));
/// ```
#[derive(Clone, Debug)]
pub struct RobotCall {
    pub(crate) code: String,
    pub(crate) user: i64,
    document: [String; 3],
    properties: Array,
    waits: bool,
    timeout: Duration,
}

impl RobotCall {
    /// A run of the robot with this code, on deal 1, by user 1, which does not wait for an answer.
    #[must_use]
    pub fn new(code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            user: 1,
            document: ["crm", "CCrmDocumentDeal", "DEAL_1"].map(str::to_owned),
            properties: Array::new(),
            waits: false,
            timeout: Duration::ZERO,
        }
    }

    /// Sets a property; anything that is JSON.
    #[must_use]
    pub fn property(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.properties.set(name.into(), read(&value));
        self
    }

    /// Sets the document: module, class, and an id such as `DEAL_5`, whose type is what stands before its last `_`.
    #[must_use]
    pub fn document<S: Into<String>>(mut self, document: [S; 3]) -> Self {
        self.document = document.map(Into::into);
        self
    }

    /// Makes the workflow wait for an answer, at most so long: `use_subscription`. Only such a run takes one.
    #[must_use]
    pub fn waits(mut self, at_most: Duration) -> Self {
        (self.waits, self.timeout) = (true, at_most);
        self
    }

    /// Sets who is behind the run.
    #[must_use]
    pub fn user(mut self, user_id: u32) -> Self {
        self.user = user_id.into();
        self
    }

    /// What is posted to the handler.
    pub(crate) fn letter(&self, ticket: &Ticket, at: Duration, auth: Array) -> Array {
        let [module, class, id] = &self.document;
        let kind = id.rsplit_once('_').map_or(id.as_str(), |(kind, _)| kind);
        map! {
            "workflow_id" => ticket.workflow.clone(),
            "code" => self.code.clone(),
            "document_id" => self.document.to_vec(),
            "document_type" => vec![module.clone(), class.clone(), kind.to_owned()],
            "event_token" => ticket.token.clone(),
            "properties" => self.properties.clone(),
            "use_subscription" => if self.waits { "Y" } else { "N" },
            "timeout_duration" => self.timeout.as_secs().to_string(),
            "ts" => at.as_secs().to_string(),
            "auth" => auth,
        }
    }
}

/// What an application answered to a run, by `bizproc.event.send`.
///
/// `Debug` shows neither the token nor the values.
#[derive(Clone)]
#[non_exhaustive]
pub struct RobotAnswer {
    /// The token of the run.
    pub event_token: String,
    /// What it returned, as JSON.
    pub return_values: String,
    /// A line for the workflow's log; empty when none was sent.
    pub log_message: String,
}

/// The runs so far.
pub(crate) struct Robots {
    seed: u64,
    runs: u64,
    /// The tokens that can still be answered, and until when.
    open: HashMap<String, Duration>,
    answers: Vec<RobotAnswer>,
}

/// What tells one run from another.
pub(crate) struct Ticket {
    workflow: String,
    pub(crate) token: String,
}

impl Robots {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, runs: 0, open: HashMap::new(), answers: Vec::new() }
    }

    pub(crate) fn start(&mut self, now: Duration, call: &RobotCall) -> Ticket {
        self.runs += 1;
        let hex = |number, length| rng::hex(self.seed, Secret::EventToken, 4 * self.runs + number, length);
        let digits = rng::mix(self.seed, &[self.runs]) % 100_000_000;
        let workflow = format!("{}.{digits:08}", hex(0, 14));
        let step = format!("A{}_{}", 10_000 + self.runs % 90_000, digits % 100_000);
        let signed = rng::letters(self.seed, Secret::EventToken, 4 * self.runs + 1, 32);
        let token = format!("{workflow}|{step}|{signed}.{}", hex(2, 64));
        if call.waits {
            self.open.insert(token.clone(), now.saturating_add(call.timeout));
        }
        Ticket { workflow, token }
    }

    /// Takes the answer to a run that waits for one; false where none does, or no more.
    pub(crate) fn answer(&mut self, now: Duration, token: &str, values: &Value, log: &str) -> bool {
        let taken = self.open.remove(token).is_some_and(|until| now < until);
        if taken {
            self.answers.push(RobotAnswer {
                event_token: token.to_owned(),
                return_values: String::from_utf8(to_bytes(values)).unwrap_or_default(),
                log_message: log.to_owned(),
            });
        }
        taken
    }

    pub(crate) fn answers(&self) -> Vec<RobotAnswer> {
        self.answers.clone()
    }
}

impl fmt::Debug for RobotAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RobotAnswer").field("values_len", &self.return_values.len()).finish_non_exhaustive()
    }
}

/// The keys are the tokens themselves.
impl fmt::Debug for Robots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Robots").field("runs", &self.runs).field("open", &self.open.len()).finish_non_exhaustive()
    }
}
