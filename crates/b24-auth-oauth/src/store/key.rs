//! What tokens are stored under.

use std::fmt;

use b24_core::{Error, SdkCode};

#[cfg(any(feature = "file-store", feature = "postgres"))]
use super::{StoreError, StoreErrorKind, TokenRecord};
use crate::OAuthParams;

/// Whose tokens: those of the application on a portal, or those of one user there.
///
/// A portal is known by its `member_id`, because its address can change. An application that works in its own name keeps
/// one pair for a portal: `TokenKey::new(member_id)`. One that works in the names of its users keeps one for each:
/// `.with_user(id)`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenKey {
    member_id: Box<str>,
    user: Option<u64>,
}

impl TokenKey {
    /// The tokens of the application on the portal `member_id`.
    ///
    /// # Errors
    /// [`SdkCode::InvalidOAuthParams`] when it is no member id: 1 to 64 ASCII letters, digits, `-` and `_`.
    pub fn new(member_id: &str) -> Result<Self, Error> {
        if is_member_id(member_id) {
            return Ok(Self::checked(member_id));
        }
        let text = "a member id has 1 to 64 letters and digits";
        Err(Error::usage(SdkCode::InvalidOAuthParams, text))
    }

    /// Of a member id that has been checked.
    pub(crate) fn checked(member_id: &str) -> Self {
        Self { member_id: member_id.into(), user: None }
    }

    /// The tokens of one user of the portal.
    #[must_use]
    pub fn with_user(mut self, user: u64) -> Self {
        self.user = Some(user);
        self
    }

    /// Refuses tokens of another portal, or of another user where both are told: the application's own tokens were got in
    /// the name of some user.
    pub(crate) fn check(&self, params: &OAuthParams) -> Result<(), Error> {
        let text = if params.member_id() != self.member_id() {
            "the tokens are those of another portal than the one they should be stored for"
        } else if matches!((self.user, params.user_id()), (Some(wanted), Some(user)) if wanted != user) {
            "the tokens are those of another user than the one they should be stored for"
        } else {
            return Ok(());
        };
        Err(Error::usage(SdkCode::InvalidOAuthParams, text))
    }

    /// Refuses a stored record of another portal or user.
    #[cfg(any(feature = "file-store", feature = "postgres"))]
    pub(super) fn check_stored(&self, record: &TokenRecord) -> Result<(), StoreError> {
        self.check(record.params()).map_err(|_| StoreError::new(StoreErrorKind::Foreign))
    }

    /// Renewed tokens under the user of the old ones: what a reply says beside its tokens must not keep them from being
    /// stored.
    pub(crate) fn keeping_user(&self, renewed: OAuthParams, old: &OAuthParams) -> OAuthParams {
        match self.check(&renewed) {
            Ok(()) => renewed,
            Err(_) => OAuthParams { user_id: old.user_id, ..renewed },
        }
    }

    /// The portal.
    #[must_use]
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// The user; `None` for the application's own tokens.
    #[must_use]
    pub fn user(&self) -> Option<u64> {
        self.user
    }
}

/// `member1` or `member1.7`: fit for the name of a file.
impl fmt::Display for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.member_id)?;
        match self.user {
            Some(user) => write!(f, ".{user}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({self})")
    }
}

/// Portals use 32 hexadecimal digits. Whatever it is, it becomes the name of a file.
pub(crate) fn is_member_id(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_fit_for_the_name_of_a_file() {
        let key = TokenKey::new("a223c6b3710f85df22e9377d6c4f7553").unwrap();
        assert_eq!(key.to_string(), "a223c6b3710f85df22e9377d6c4f7553");
        assert_eq!(key.with_user(7).to_string(), "a223c6b3710f85df22e9377d6c4f7553.7");
        for bad in ["", "..", "a/b", "a\\b", "a.b", "a b", "é", "a\0b", &"a".repeat(65)] {
            assert_eq!(TokenKey::new(bad).unwrap_err().code(), "INVALID_OAUTH_PARAMS", "{bad:?}");
        }
    }
}
