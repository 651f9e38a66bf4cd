//! The portal's own refusal.

use std::fmt;

use http::StatusCode;
use serde::Deserialize;

use super::codes::{self, CodeInfo};
use crate::de;

/// An error the portal answered with, on v2 or v3.
///
/// v2 says `{"error", "error_description"}`, v3 `{"error": {"code", "message", "validation"}}`; both are read on both
/// addresses and on every status, because errors do come with status 200.
///
/// Source: <https://apidocs.bitrix24.com/error-codes.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestError {
    code: Box<str>,
    message: Box<str>,
    status: StatusCode,
    argument: Option<Box<str>>,
    validation: Vec<Validation>,
    soft: bool,
}

/// What v3 found wrong with one field.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Validation {
    /// What is wrong, in the portal's words.
    #[serde(default)]
    pub message: String,
    /// The field, where there is one.
    #[serde(default, deserialize_with = "field_or_none")]
    pub field: Option<String>,
}

impl RestError {
    /// An error with a code and the portal's text.
    #[must_use]
    pub fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self { code: code.into(), message: message.into(), status, argument: None, validation: Vec::new(), soft: false }
    }

    /// Names the parameter it complains about.
    #[must_use]
    pub fn with_argument(mut self, argument: &str) -> Self {
        self.argument = Some(argument.into());
        self
    }

    /// Adds what is wrong with single fields.
    #[must_use]
    pub fn with_validation(mut self, validation: Vec<Validation>) -> Self {
        self.validation = validation;
        self
    }

    /// Counts it as soft, because the caller says so of its code.
    #[must_use]
    pub fn counted_as_soft(mut self) -> Self {
        self.soft = true;
        self
    }

    /// The portal's code as text: a number becomes its digits, and it may be empty. Compare without case.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The portal's text; may be empty.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The HTTP status it came with; 200 occurs.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// v2: the parameter it complains about, where the portal says so.
    #[must_use]
    pub fn argument(&self) -> Option<&str> {
        self.argument.as_deref()
    }

    /// v3: what is wrong with single fields; empty where the portal does not say.
    #[must_use]
    pub fn validation(&self) -> &[Validation] {
        &self.validation
    }

    /// What is known about the code; `None` for the codes of single modules.
    #[must_use]
    pub fn info(&self) -> Option<&'static CodeInfo> {
        codes::find(&self.code)
    }

    /// Whether it is a condition to look at rather than a fault: a record that is not there, a field that does not
    /// exist.
    #[must_use]
    pub fn is_soft(&self) -> bool {
        self.soft || self.info().is_some_and(CodeInfo::is_soft)
    }

    /// Whether the portal may have executed the call.
    ///
    /// `false` only where the code proves that it was refused before its handler. With status 200 it is a handler that
    /// speaks, whatever the code, unless the code is one that only the front knows. For a batch see
    /// [`Error::may_have_run`](crate::Error::may_have_run), which knows the call.
    ///
    /// Source: <https://apidocs.bitrix24.com/error-codes.html>
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        let from_handler = self.status.is_success() && !self.info().is_some_and(CodeInfo::is_of_the_front);
        from_handler || self.info().is_none_or(CodeInfo::may_have_run)
    }

    /// Whether the same call may succeed later without anybody changing anything. Says nothing about safety.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self.info() {
            // A handler has said its word.
            _ if self.status.is_success() => self.info().is_some_and(|code| code.is_limit() && code.is_transient()),
            Some(code) if code.is_hard() || code.is_soft() => false,
            Some(code) => code.is_transient() || self.status.is_server_error(),
            None => self.status.is_server_error(),
        }
    }

    /// Applies `change` to every text the portal chose.
    pub(crate) fn map_texts(&mut self, change: impl Fn(&str) -> Option<String>) {
        let texts = [&mut self.code, &mut self.message].into_iter().chain(&mut self.argument);
        for text in texts {
            if let Some(new) = change(text) {
                *text = new.into();
            }
        }
        for row in &mut self.validation {
            for text in [Some(&mut row.message), row.field.as_mut()].into_iter().flatten() {
                if let Some(new) = change(text) {
                    *text = new;
                }
            }
        }
    }
}

impl fmt::Display for RestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = if self.code.is_empty() { "(no code)" } else { &self.code };
        write!(f, "{} (status {})", OneLine(code), self.status.as_u16())?;
        if !self.message.is_empty() {
            write!(f, ": {}", OneLine(&self.message))?;
        }
        for row in &self.validation {
            let field = row.field.as_deref().unwrap_or("-");
            write!(f, "; {}: {}", OneLine(field), OneLine(&row.message))?;
        }
        Ok(())
    }
}

impl std::error::Error for RestError {}

/// Text without line breaks and other control characters: a log line stays one line.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.split(|letter: char| letter.is_control()).filter(|part| !part.is_empty()).enumerate().try_for_each(
            |(index, part)| {
                if index > 0 {
                    f.write_str(" ")?;
                }
                f.write_str(part)
            },
        )
    }
}

fn field_or_none<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(de::text_or_none(deserializer)?.map(String::from))
}
