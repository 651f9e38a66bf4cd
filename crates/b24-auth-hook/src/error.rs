//! Why a webhook URL was refused.

use std::fmt;

use b24_core::{AddressError, Error, SdkCode};

/// Why a webhook URL was refused. Never holds any part of the URL: it is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HookUrlError {
    /// It is blank.
    Empty,
    /// It is no absolute URL with a host, or has a user name or password before the host.
    Invalid,
    /// It is not `https`; plain `http` is for loopback hosts only.
    NotHttps,
    /// Its path is not `/rest/<user id>/<secret>/`.
    Malformed,
    /// What stands in the place of the user id is no number.
    UserId,
}

impl HookUrlError {
    /// The code as text, such as `HOOK_URL_MALFORMED`.
    #[must_use]
    pub fn code(self) -> SdkCode {
        match self {
            Self::Empty => SdkCode::HookUrlEmpty,
            Self::Invalid => SdkCode::HookUrlInvalid,
            Self::NotHttps => SdkCode::HookUrlNotHttps,
            Self::Malformed => SdkCode::HookUrlMalformed,
            Self::UserId => SdkCode::HookUrlUserId,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Empty => "the webhook URL is empty",
            Self::Invalid => "the webhook URL is no absolute URL, or has a user name or password in it",
            Self::NotHttps => "the webhook URL must begin with https:// (http:// is for loopback hosts only)",
            Self::Malformed => "the webhook URL must have the form https://<portal>/rest/<user id>/<secret>/",
            Self::UserId => "the webhook URL must have a number as user id: https://<portal>/rest/<user id>/<secret>/",
        }
    }
}

impl fmt::Display for HookUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::error::Error for HookUrlError {}

impl From<AddressError> for HookUrlError {
    fn from(error: AddressError) -> Self {
        match error {
            AddressError::NotHttps => Self::NotHttps,
            _ => Self::Invalid,
        }
    }
}

impl From<HookUrlError> for Error {
    fn from(error: HookUrlError) -> Self {
        Self::usage(error.code(), error.text())
    }
}
