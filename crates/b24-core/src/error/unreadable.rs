//! Why JSON could not be read, without a word of what it held.

use std::fmt;

/// Why an answer could not be read: what was expected and where. `serde_json`'s own texts repeat values, and an answer
/// can hold download links with credentials; this keeps to what the reader's type says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    what: String,
    line: usize,
    column: usize,
}

impl Unreadable {
    /// Keeps of a `serde_json` error what comes from the type and not from the data.
    #[must_use]
    pub fn new(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let what = match error.classify() {
            serde_json::error::Category::Data => of_the_type(&text).unwrap_or("a value of another type").to_owned(),
            serde_json::error::Category::Eof => "the JSON ends too early".to_owned(),
            _ => "the JSON is broken".to_owned(),
        };
        Self { what, line: error.line(), column: error.column() }
    }

    /// The line, counted from 1; 0 where it is not known.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column, counted from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        self.column
    }
}

/// The part of a message that names fields and expectations of the type.
fn of_the_type(text: &str) -> Option<&str> {
    let text = text.rsplit_once(" at line ").map_or(text, |(before, _)| before);
    if text.starts_with("missing field `") || text.starts_with("duplicate field `") {
        return Some(text);
    }
    // "invalid type: string \"secret\", expected u64": what is expected never repeats the value.
    text.rfind("expected ").map(|at| &text[at..])
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.what, self.line, self.column)
    }
}

impl std::error::Error for Unreadable {}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its shape counts")]
    struct Row {
        id: u64,
        kind: Kind,
    }

    #[derive(Debug, Deserialize)]
    enum Kind {
        Deal,
    }

    #[test]
    fn no_value_is_repeated() {
        for (text, want) in [
            (r#"{"id":"s3cr3t"}"#, "expected u64 at line 1 column 14"),
            (r#"{"id":1}"#, "missing field `kind` at line 1 column 8"),
            (r#"{"id":1,"kind":"s3cr3t"}"#, "expected `Deal` at line 1 column 23"),
            (r#"{"s3cr3t":1}"#, "expected `id` or `kind` at line 1 column 9"),
            (r#""s3cr3t""#, "expected struct Row at line 1 column 8"),
            (r#"{"id":1"#, "the JSON ends too early at line 1 column 7"),
            ("s3cr3t", "the JSON is broken at line 1 column 1"),
        ] {
            let shown = Unreadable::new(&serde_json::from_str::<Row>(text).unwrap_err()).to_string();
            assert_eq!(shown, want);
        }
    }

    #[test]
    fn a_value_that_says_expected_is_not_repeated_either() {
        let error = serde_json::from_str::<u8>(r#""x, expected s3cr3t""#).unwrap_err();
        assert_eq!(Unreadable::new(&error).to_string(), "expected u8 at line 1 column 20");
    }
}
