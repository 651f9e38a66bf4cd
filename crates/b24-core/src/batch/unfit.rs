//! What a command of a v2 batch cannot carry.

use std::fmt;

use crate::{Error, SdkCode};

/// Why parameters cannot travel in a command of a v2 batch, which is a line of text: as a call of their own they can.
///
/// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    path: Box<str>,
    why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Null,
    Empty,
    NoName,
    TooDeep,
    Reference,
    ReferenceInName,
}

impl Unfit {
    pub(super) fn new(path: &str, why: Why) -> Self {
        // It is for people, who wrote it.
        Self { path: path.chars().take(200).collect(), why }
    }

    /// Where it is: `fields[PHONE]`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is text, or a name, that the portal would take for a reference.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        matches!(self.why, Why::Reference | Why::ReferenceInName)
    }

    pub(super) fn into_error(self, at: usize) -> Error {
        let code = match self.why {
            Why::Reference | Why::ReferenceInName => SdkCode::InvalidBatchRef,
            _ => SdkCode::InvalidParams,
        };
        Error::usage(code, format!("command {at}: {self}"))
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.why {
            Why::Null => "is null, which a command of a v2 batch cannot carry: write \"\" or call the method by itself",
            Why::Empty => "is empty, which a command of a v2 batch cannot carry: call the method by itself",
            Why::NoName => "has an entry without a name, which a command of a v2 batch cannot carry",
            Why::TooDeep => "is nested deeper than a command of a v2 batch can carry",
            Why::Reference => {
                "holds text that the portal would take for a reference: call the method by itself, or write a \
                 `Reference` where one is meant"
            }
            Why::ReferenceInName => "has a name that the portal would take for a reference",
        };
        write!(f, "`{}` {why}", self.path)
    }
}
