//! A broken rule and its place.

/// A broken rule in a file whose name the rule does not know.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Counted from 1.
    pub(crate) line: usize,
    /// What is wrong and what to do about it.
    pub(crate) message: String,
}

impl Finding {
    /// A finding at a line counted from 0, as `enumerate` counts.
    pub(crate) fn at(index: usize, message: impl Into<String>) -> Self {
        Self { line: index + 1, message: message.into() }
    }

    /// One line for the terminal, in the form editors turn into a link.
    pub(crate) fn in_file(&self, path: &str) -> String {
        format!("{path}:{}: {}", self.line, self.message)
    }
}
