//! What can go wrong between an application and the page around it.

use std::{borrow::Cow, fmt, time::Duration};

use b24_core::{Error, SdkCode};

use crate::protocol::Command;

/// Why something between an application and the portal's page did not work. Holds nothing of what the page sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The program was not opened by a portal, in a frame: `window.name` does not say `domain|protocol|application`.
    NotInFrame {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The page did not answer in time. It may have done what it was told.
    NoAnswer {
        /// What was asked.
        command: Command,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// The page answered with something else than is written of it.
    BadAnswer {
        /// What was asked.
        command: Command,
        /// What is wrong with the answer.
        why: Cow<'static, str>,
    },
    /// The page refused.
    Refused {
        /// What was asked.
        command: Command,
        /// The page's own code.
        code: String,
    },
    /// What was to be sent makes no sense. Nothing was sent.
    InvalidArgument {
        /// What is wrong, with the argument's name.
        why: &'static str,
    },
    /// [`Frame::destroy`](crate::Frame::destroy) was called.
    Destroyed,
    /// The application is installed already. Nothing was sent.
    InstallFinished,
}

impl FrameError {
    /// The code as text, such as `FRAME_NO_ANSWER`.
    #[must_use]
    pub fn code(&self) -> SdkCode {
        match self {
            Self::NotInFrame { .. } => SdkCode::NotInFrame,
            Self::NoAnswer { .. } => SdkCode::FrameNoAnswer,
            Self::BadAnswer { .. } => SdkCode::FrameBadAnswer,
            Self::Refused { .. } => SdkCode::FrameRefused,
            Self::InvalidArgument { .. } => SdkCode::InvalidParams,
            Self::Destroyed => SdkCode::FrameDestroyed,
            Self::InstallFinished => SdkCode::InstallFinished,
        }
    }

    pub(crate) fn bad_answer(command: &Command, why: impl Into<Cow<'static, str>>) -> Self {
        Self::BadAnswer { command: command.clone(), why: why.into() }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInFrame { why } => write!(f, "the program does not run in a portal's frame: {why}"),
            Self::NoAnswer { command, waited } => {
                write!(f, "the portal's page did not answer `{command}` within {} ms", waited.as_millis())
            }
            Self::BadAnswer { command, why } => {
                write!(f, "the portal's page gave an unusable answer to `{command}`: {why}")
            }
            Self::Refused { command, code } => write!(f, "the portal's page refused `{command}`: {code}"),
            Self::InvalidArgument { why } => f.write_str(why),
            Self::Destroyed => f.write_str("the frame was given up"),
            Self::InstallFinished => f.write_str("the application is installed already"),
        }
    }
}

impl std::error::Error for FrameError {}

/// As a call sees it: one that needed a token and got none did not run.
impl From<FrameError> for Error {
    fn from(error: FrameError) -> Self {
        let (code, text) = (error.code(), error.to_string());
        match error {
            FrameError::InvalidArgument { .. } | FrameError::InstallFinished => Self::usage(code, text),
            _ => Self::auth(code.as_str(), text),
        }
    }
}

#[cfg(test)]
mod tests {
    use b24_core::ErrorKind;

    use super::*;

    #[test]
    fn a_call_without_a_token_was_not_sent_and_may_be_tried_again() {
        let silent = FrameError::NoAnswer { command: Command::REFRESH_AUTH, waited: Duration::from_secs(10) };
        let error = Error::from(silent);
        assert_eq!((error.kind(), error.code()), (ErrorKind::Auth, "FRAME_NO_ANSWER"));
        assert!(error.is_retryable() && !error.may_have_run());
        assert!(!Error::from(FrameError::Destroyed).is_retryable());
    }
}
