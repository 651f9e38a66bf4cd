//! Why a body was not read.

use std::{error::Error as StdError, fmt};

use crate::form::FormError;

/// Why a body was not read. Says nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    kind: DecodeErrorKind,
}

/// The kinds of [`DecodeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// It is not a JSON object.
    NotJson,
    /// It has more than 32 lists and objects in each other.
    TooDeep,
    /// It has more than 10,000 fields, or more than 10,000 lists and objects.
    TooManyFields,
    /// It is neither an event nor the call of a robot nor a page.
    Unknown,
    /// A field is missing, or no name can be read from it.
    #[non_exhaustive]
    Missing {
        /// The field.
        field: &'static str,
    },
}

impl DecodeError {
    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }
}

impl From<DecodeErrorKind> for DecodeError {
    fn from(kind: DecodeErrorKind) -> Self {
        Self { kind }
    }
}

impl From<FormError> for DecodeError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooDeep => DecodeErrorKind::TooDeep,
            FormError::TooMany => DecodeErrorKind::TooManyFields,
        }
        .into()
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DecodeErrorKind::NotJson => f.write_str("the body is no JSON object"),
            DecodeErrorKind::TooDeep => f.write_str("the body is nested too deep"),
            DecodeErrorKind::TooManyFields => f.write_str("the body has too many fields"),
            DecodeErrorKind::Unknown => f.write_str("the body is neither an event nor the call of a robot nor a page"),
            DecodeErrorKind::Missing { field } => write!(f, "the field `{field}` is missing or unusable"),
        }
    }
}

impl StdError for DecodeError {}
