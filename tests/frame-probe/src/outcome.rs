//! What became of a task.

use std::error::Error;

use b24::FrameError;
use serde_json::{Value, json};

/// What a task hands back.
pub(crate) type Outcome = Result<Value, Trouble>;

/// Why a task failed, with all that it shows of itself.
pub(crate) struct Trouble(Value);

impl Trouble {
    /// The test has asked for something that there is none of.
    pub(crate) fn misunderstood(what: &str) -> Self {
        Self(json!({ "code": "MISUNDERSTOOD", "text": what }))
    }

    fn new(code: &str, error: &(dyn Error + 'static)) -> Self {
        let mut texts = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next {
            texts.push(format!("{error} {error:?}"));
            next = error.source();
        }
        Self(json!({ "code": code, "text": texts.join(" <- ") }))
    }
}

impl From<FrameError> for Trouble {
    fn from(error: FrameError) -> Self {
        Self::new(error.code().as_str(), &error)
    }
}

impl From<b24::Error> for Trouble {
    fn from(error: b24::Error) -> Self {
        Self::new(error.code(), &error)
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self::new("MISUNDERSTOOD", &error)
    }
}

/// `{"ok": …}` or `{"error": …}`, and how many milliseconds it took.
pub(crate) fn to_json(outcome: Outcome, milliseconds: f64) -> Value {
    match outcome {
        Ok(value) => json!({ "ok": value, "ms": milliseconds }),
        Err(Trouble(trouble)) => json!({ "error": trouble, "ms": milliseconds }),
    }
}
