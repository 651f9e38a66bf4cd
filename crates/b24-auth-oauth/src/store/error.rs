//! Why a store failed.

use std::{error::Error as StdError, fmt};

use b24_core::BoxError;

/// Why tokens could not be read or written. Says nothing of the tokens themselves.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<BoxError>,
}

/// The kinds of [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// Somebody else has saved in between: read again.
    Conflict,
    /// What is stored is no record of tokens. It is left as it is.
    Corrupt,
    /// What is stored belongs to another portal or user than was asked for. It is left as it is.
    Foreign,
    /// Others than its owner may read the file. It is left as it is, and not read.
    Permissions,
    /// The store did not answer, or refused.
    Failed,
}

impl StoreError {
    /// An error of this kind.
    #[must_use]
    pub fn new(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// The store did not answer, or refused. No token may stand in the text of `source`.
    #[must_use]
    pub fn failed(source: impl Into<BoxError>) -> Self {
        Self { kind: StoreErrorKind::Failed, source: Some(source.into()) }
    }

    /// Keeps the error behind this one. No token may stand in its text.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Conflict => "the stored tokens were replaced in between",
            StoreErrorKind::Corrupt => "what is stored is no record of tokens",
            StoreErrorKind::Foreign => "the stored tokens belong to another portal or user",
            StoreErrorKind::Permissions => "the stored tokens can be read by others than their owner (chmod 600 helps)",
            StoreErrorKind::Failed => "the token store failed",
        })
    }
}

impl StdError for StoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
