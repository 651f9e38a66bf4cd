//! Text that must not be seen.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A webhook secret, a token, a client secret: text that prints as `***`, has no `Display`, cannot be serialised, and
/// is wiped from memory when dropped.
///
/// ```
/// let secret = b24_core::Secret::from("k32t88gf3azpmwv3");
/// assert_eq!(format!("{secret:?}"), "***");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The text itself. Call it where the secret is written to the wire, and nowhere else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether `text` is the same. How long that takes tells the length of the two, and nothing of what is in them: compare
    /// what comes from outside with nothing else.
    ///
    /// ```
    /// let token = b24_core::Secret::from("51856fefc120afa4b628cc82d3935cce");
    /// assert!(token.matches("51856fefc120afa4b628cc82d3935cce") && !token.matches("51856"));
    /// ```
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.expose().as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// A text without it, when it is in there. One of a letter or two is left alone: it hides nothing, and would spoil
    /// every word it is part of.
    pub(crate) fn scrub(&self, text: &str) -> Option<String> {
        let secret = self.expose();
        (secret.len() > 3 && text.contains(secret)).then(|| text.replace(secret, crate::redact::MASK))
    }

    /// Whether it can stand in the path of a URL as one segment: unreserved and percent-encoded characters, and no step
    /// up the path in either spelling, which some clients would take.
    #[must_use]
    pub fn is_path_segment(&self) -> bool {
        let text = self.expose();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'%');
        let is_dots = |text: &str| matches!(text, "." | "..");
        let climbs = is_dots(text) || text.contains('%') && is_dots(&text.replace("%2e", ".").replace("%2E", "."));
        (1..=1024).contains(&text.len()) && text.bytes().all(legal) && !climbs
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(crate::redact::MASK)
    }
}
