//! What a command of a batch is called.

use std::fmt;

/// What a command of a batch is called: its label, or its place when it has none.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Key {
    /// The place among the commands, from 0.
    Index(usize),
    /// The label it was given.
    Label(Box<str>),
}

impl From<usize> for Key {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl From<&str> for Key {
    fn from(label: &str) -> Self {
        Self::Label(label.into())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => fmt::Display::fmt(index, f),
            Self::Label(label) => f.write_str(label),
        }
    }
}
