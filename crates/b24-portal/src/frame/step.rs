//! What the portal's page is to do: one thing after another.

use std::time::Duration;

use serde_json::{Value, json};

/// Which window speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The portal's page.
    Own,
    /// A page of another origin, in a frame beside the application's.
    Foreign,
}

/// One step: a pause, then what is seen on the page, then what the application hears.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) after: Duration,
    pub(crate) effect: Option<Value>,
    pub(crate) say: Option<String>,
    pub(crate) from: Voice,
}

impl Step {
    pub(crate) fn effect(effect: Value) -> Self {
        Self { after: Duration::ZERO, effect: Some(effect), say: None, from: Voice::Own }
    }

    pub(crate) fn say(text: impl Into<String>) -> Self {
        Self { after: Duration::ZERO, effect: None, say: Some(text.into()), from: Voice::Own }
    }

    pub(crate) fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    pub(crate) fn foreign(self) -> Self {
        Self { from: Voice::Foreign, ..self }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "after_ms": u64::try_from(self.after.as_millis()).unwrap_or(u64::MAX),
            "effect": self.effect,
            "say": self.say,
            "from": match self.from {
                Voice::Own => "own",
                Voice::Foreign => "foreign",
            },
        })
    }
}
