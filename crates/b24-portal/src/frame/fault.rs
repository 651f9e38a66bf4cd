//! What a parent in trouble, or one that means harm, does to its answers.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::step::Step;

/// A fault of the portal's page that waits for a message of the application.
///
/// By default it takes the next message, once. Faults are tried in the order they were queued. The command does its work
/// all the same: only what the application hears of it is different.
///
/// ```
/// use std::time::Duration;
/// use b24_portal::ParentFault;
///
/// // The page never answers, twice.
/// let fault = ParentFault::silent().for_command("refreshAuth").times(2);
/// // The right answer, but late.
/// let fault = ParentFault::late(Duration::from_secs(3));
/// // New tokens without a life.
/// let fault = ParentFault::field("AUTH_EXPIRES", "soon").for_command("refreshAuth");
/// ```
#[derive(Clone)]
pub struct ParentFault {
    kind: Kind,
    command: Option<String>,
    times: u32,
}

#[derive(Clone)]
enum Kind {
    Silent,
    Late(Duration),
    Foreign { then_own: bool },
    Truncated(usize),
    Raw(String),
    Twice,
    Answer(String),
    Field(String, Option<Value>),
}

impl ParentFault {
    /// No answer at all.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(Kind::Silent)
    }

    /// The right answer after this time. What is seen on the page is seen at once.
    #[must_use]
    pub fn late(time: Duration) -> Self {
        Self::new(Kind::Late(time))
    }

    /// The right answer, but from a window of another origin, and from no other.
    ///
    /// It is the authorisation server's origin: a frame beside the application's posts it.
    #[must_use]
    pub fn foreign() -> Self {
        Self::new(Kind::Foreign { then_own: false })
    }

    /// The right answer from a window of another origin, then the same from the portal's own.
    #[must_use]
    pub fn foreign_first() -> Self {
        Self::new(Kind::Foreign { then_own: true })
    }

    /// Of the right answer's JSON so many characters.
    #[must_use]
    pub fn truncated(keep: usize) -> Self {
        Self::new(Kind::Truncated(keep))
    }

    /// This text as the whole message, with `{key}` in it standing for the key that the answer is waited for under.
    ///
    /// ```
    /// use b24_portal::ParentFault;
    ///
    /// let cut_off = ParentFault::raw("{key}:{\"AUTH_ID\":");
    /// let nobody_waits = ParentFault::raw("7f3a:{}");
    /// ```
    #[must_use]
    pub fn raw(text: impl Into<String>) -> Self {
        Self::new(Kind::Raw(text.into()))
    }

    /// The right answer, twice.
    #[must_use]
    pub fn twice() -> Self {
        Self::new(Kind::Twice)
    }

    /// This JSON in place of the right answer; also where the page would give none, or does not know the command.
    #[must_use]
    pub fn answer(json: impl Into<String>) -> Self {
        Self::new(Kind::Answer(json.into()))
    }

    /// The right answer with this value in one of its fields. What is JSON is taken as such, anything else as text.
    #[must_use]
    pub fn field(name: impl Into<String>, value: impl Into<String>) -> Self {
        let text = value.into();
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self::new(Kind::Field(name.into(), Some(value)))
    }

    /// The right answer without one of its fields.
    #[must_use]
    pub fn without_field(name: impl Into<String>) -> Self {
        Self::new(Kind::Field(name.into(), None))
    }

    /// Waits for a message with this command.
    #[must_use]
    pub fn for_command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// Strikes this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn new(kind: Kind) -> Self {
        Self { kind, command: None, times: 1 }
    }
}

/// What it says instead may carry a token.
impl fmt::Debug for ParentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParentFault")
            .field("command", &self.command)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

/// What the page would answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Nothing, now or ever.
    None,
    /// Nothing now: it comes when a slider closes.
    Later,
    /// The key alone: the command is done, and there is nothing to tell.
    Done,
    /// The key and this.
    Json(Value),
}

impl Answer {
    /// The message under a key. Without a key nobody hears anything.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        match self {
            _ if key.is_empty() => None,
            Self::None | Self::Later => None,
            Self::Done => Some(format!("{key}:")),
            Self::Json(value) => Some(format!("{key}:{value}")),
        }
    }
}

/// The faults still to strike.
#[derive(Default)]
pub(crate) struct ParentFaults(Vec<ParentFault>);

impl ParentFaults {
    pub(crate) fn push(&mut self, fault: ParentFault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The steps by which an answer to `command` reaches the application, if it does.
    pub(crate) fn deliver(&mut self, command: &str, key: &str, answer: Answer) -> Vec<Step> {
        if answer == Answer::Later {
            return Vec::new();
        }
        let right = |answer: &Answer| answer.text(key).map(Step::say);
        match self.strike(command) {
            None => right(&answer).into_iter().collect(),
            Some(Kind::Silent) => Vec::new(),
            Some(Kind::Late(time)) => right(&answer).map(|step| step.after(time)).into_iter().collect(),
            Some(Kind::Foreign { then_own }) => {
                let own = right(&answer);
                own.clone().map(Step::foreign).into_iter().chain(own.filter(|_| then_own)).collect()
            }
            Some(Kind::Truncated(keep)) => {
                let keep = keep.saturating_add(key.chars().count()).saturating_add(1);
                let text = answer.text(key).map(|text| text.chars().take(keep).collect::<String>());
                text.map(Step::say).into_iter().collect()
            }
            Some(Kind::Raw(text)) => vec![Step::say(text.replace("{key}", key))],
            Some(Kind::Twice) => {
                let step = right(&answer);
                step.clone().into_iter().chain(step).collect()
            }
            Some(Kind::Answer(_)) if key.is_empty() => Vec::new(),
            Some(Kind::Answer(json)) => vec![Step::say(format!("{key}:{json}"))],
            Some(Kind::Field(name, value)) => right(&with_field(answer, name, value)).into_iter().collect(),
        }
    }

    fn strike(&mut self, command: &str) -> Option<Kind> {
        let at = self
            .0
            .iter()
            .position(|fault| fault.times > 0 && fault.command.as_ref().is_none_or(|wanted| wanted == command))?;
        let kind = self.0[at].kind.clone();
        self.0[at].times -= 1;
        self.0.retain(|fault| fault.times > 0);
        Some(kind)
    }
}

fn with_field(mut answer: Answer, name: String, value: Option<Value>) -> Answer {
    if let Answer::Json(Value::Object(fields)) = &mut answer {
        match value {
            Some(value) => fields.insert(name, value),
            None => fields.remove(&name),
        };
    }
    answer
}
