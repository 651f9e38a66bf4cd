//! Why an inbox failed.

use std::{error::Error as StdError, fmt};

use b24_core::BoxError;

/// Why an inbox could not do its work. Says nothing of what lies in it.
#[derive(Debug)]
pub struct InboxError {
    kind: InboxErrorKind,
    source: Option<BoxError>,
}

/// The kinds of [`InboxError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InboxErrorKind {
    /// There is no room for another letter.
    Full,
    /// Another process uses it.
    InUse,
    /// The file is no inbox, or one of a version that is not known. It is left as it is.
    Foreign,
    /// It did not answer, or refused.
    Failed,
}

impl InboxError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: InboxErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// It did not answer, or refused. No content of a letter may stand in the text of `source`.
    #[must_use]
    pub fn failed(source: impl Into<BoxError>) -> Self {
        Self::new(InboxErrorKind::Failed).with_source(source)
    }

    /// Keeps the error behind this one. No content of a letter may stand in its text.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> InboxErrorKind {
        self.kind
    }
}

impl fmt::Display for InboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            InboxErrorKind::Full => "the inbox has no room for another event",
            InboxErrorKind::InUse => "another process uses the inbox",
            InboxErrorKind::Foreign => "the file is no inbox of this version",
            InboxErrorKind::Failed => "the inbox does not work",
        })
    }
}

impl StdError for InboxError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
