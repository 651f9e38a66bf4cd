//! Messages from the portal's page.

use std::fmt;

use serde_json::Value;

/// A message from the portal's page: `key:payload`, where the payload may be empty. `Debug` does not show the payload: it may
/// have a token in it.
#[derive(Clone, PartialEq)]
pub struct Incoming<'a> {
    key: &'a str,
    payload: Result<Value, InvalidPayload>,
}

/// A payload that is no JSON, with the place from which on it is none. Says nothing of what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPayload {
    line: usize,
    column: usize,
}

impl<'a> Incoming<'a> {
    /// Reads a text; `None` where it is empty.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let (key, payload) = text.split_once(':').unwrap_or((text, ""));
        let payload = if payload.is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_str(payload).map_err(|error| InvalidPayload { line: error.line(), column: error.column() })
        };
        Some(Self { key, payload })
    }

    /// The key of the command that it answers.
    #[must_use]
    pub fn key(&self) -> &'a str {
        self.key
    }

    /// What it says; [`Value::Null`] where it says nothing.
    ///
    /// # Errors
    /// [`InvalidPayload`] when that is no JSON.
    pub fn into_payload(self) -> Result<Value, InvalidPayload> {
        self.payload
    }
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming").field("key", &self.key).finish_non_exhaustive()
    }
}

impl fmt::Display for InvalidPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no JSON at line {} column {}", self.line, self.column)
    }
}

impl std::error::Error for InvalidPayload {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> (&str, Result<Value, InvalidPayload>) {
        let incoming = Incoming::parse(text).unwrap();
        (incoming.key(), incoming.into_payload())
    }

    #[test]
    fn a_key_ends_at_the_first_colon() {
        assert_eq!(read(r#"k:{"a":"b:c"}"#), ("k", Ok(json!({ "a": "b:c" }))));
        assert_eq!(read("k:"), ("k", Ok(Value::Null)));
        assert_eq!(read("k"), ("k", Ok(Value::Null)));
        assert_eq!(read(":1"), ("", Ok(json!(1))));
        assert_eq!(Incoming::parse(""), None);
    }

    #[test]
    fn json_that_is_cut_off_is_said_to_be_none_and_not_shown() {
        let (key, payload) = read(r#"k:{"AUTH_ID":"s3cr3t""#);
        let shown = format!("{key} {payload:?} {}", payload.clone().unwrap_err());
        assert!(payload.is_err() && !shown.contains("s3cr3t"), "{shown}");
    }

    #[test]
    fn debug_does_not_show_what_it_says() {
        let shown = format!("{:?}", Incoming::parse(r#"k:{"AUTH_ID":"s3cr3t"}"#));
        assert!(shown.contains('k') && !shown.contains("s3cr3t"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            if let Some(incoming) = Incoming::parse(&text) {
                prop_assert!(text.starts_with(incoming.key()));
                let _ = incoming.into_payload();
            }
        }

        #[test]
        fn any_json_comes_through(key in "[a-z0-9-]{1,36}", number in any::<i64>(), text in any::<String>()) {
            let payload = json!({ "number": number, "text": text, "list": [text, number] });
            let message = format!("{key}:{payload}");
            prop_assert_eq!(read(&message), (key.as_str(), Ok(payload)));
        }
    }
}
