//! How a command ends when it does not succeed.

use std::process::ExitCode;

use b24::{Error, core::redact};

use crate::output::say;

/// Why a command ends without success.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A call failed; what there is to say has been printed. Exit status 1.
    Call,
    /// Nobody reads the output any more. Exit status 1, without a word.
    Closed,
    /// Ctrl-C or a signal like it; what there is to say has been said. With the exit status of the signal.
    Interrupted(u8),
    /// Unusable arguments or input; the text says what. Exit status 2.
    Unusable(String),
}

impl Failure {
    pub(crate) fn unusable(text: impl Into<String>) -> Self {
        Self::Unusable(text.into())
    }

    /// Arguments that the SDK refuses: its code and its words, which repeat nothing secret.
    pub(crate) fn refused(error: &Error) -> Self {
        Self::Unusable(error.to_string())
    }

    /// Says what is left to say, and gives the exit status.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Call => ExitCode::from(1),
            Self::Unusable(text) => {
                // A webhook given in the wrong place would otherwise be repeated here.
                say(&format!("b24: {}", redact::text(&text)));
                ExitCode::from(2)
            }
            Self::Closed => ExitCode::from(1),
            Self::Interrupted(status) => ExitCode::from(status),
        }
    }
}
