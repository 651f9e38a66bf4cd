//! JSON within the limits that forms have.

use serde_json::{Map, Value};

use super::{DecodeError, DecodeErrorKind};
use crate::form::{MAX_ARRAYS, MAX_DEPTH, MAX_FIELDS};

/// Reads a body that is an object.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, DecodeError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match value(body)? {
        Value::Object(object) => Ok(object),
        _ => Err(DecodeErrorKind::NotJson.into()),
    }
}

/// Reads any JSON.
pub(super) fn value(json: &[u8]) -> Result<Value, DecodeError> {
    // Before it is read: read, two bytes of it can take some hundred.
    measure(json)?;
    serde_json::from_slice(json).map_err(|_| DecodeErrorKind::NotJson.into())
}

/// Counts the brackets and commas outside of texts. What is no JSON may be counted wrong: that it is none is found later.
fn measure(json: &[u8]) -> Result<(), DecodeErrorKind> {
    let (mut depth, mut arrays, mut commas) = (0_usize, 0, 0);
    let mut bytes = json.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => skip_text(&mut bytes),
            b'[' | b'{' => {
                depth += 1;
                arrays += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => commas += 1,
            _ => {}
        }
        // As deep as a form can be: a variable with all its brackets, and the object that holds it.
        if depth > MAX_DEPTH + 1 {
            return Err(DecodeErrorKind::TooDeep);
        }
        // Each of n fields of an array but one brings a comma, and so does each array in another.
        if arrays > MAX_ARRAYS + 1 || commas > MAX_FIELDS + MAX_ARRAYS {
            return Err(DecodeErrorKind::TooManyFields);
        }
    }
    Ok(())
}

fn skip_text(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => _ = bytes.next(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn kind(json: &str) -> Option<DecodeErrorKind> {
        value(json.as_bytes()).err().map(|error| error.kind())
    }

    #[test]
    fn json_has_the_limits_of_a_form() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(kind(&deep(MAX_DEPTH + 1)), None);
        assert_eq!(kind(&deep(MAX_DEPTH + 2)), Some(DecodeErrorKind::TooDeep));
        assert_eq!(kind(&"[".repeat(1_000_000)), Some(DecodeErrorKind::TooDeep));

        let list = |item: &str, count: usize| format!("[{}]", vec![item; count].join(","));
        assert_eq!(kind(&list("[]", MAX_ARRAYS)), None);
        assert_eq!(kind(&list("{}", MAX_ARRAYS + 1)), Some(DecodeErrorKind::TooManyFields));
        assert_eq!(kind(&list("1", MAX_FIELDS + MAX_ARRAYS + 1)), None);
        assert_eq!(kind(&list("1", MAX_FIELDS + MAX_ARRAYS + 2)), Some(DecodeErrorKind::TooManyFields));
    }

    #[test]
    fn what_stands_in_a_text_is_not_counted() {
        let text = format!(r#"{{"a\"{}":"\\"}}"#, "[{,".repeat(50_000));
        assert_eq!(kind(&text), None);
    }

    #[test]
    fn a_body_is_an_object_with_or_without_a_byte_order_mark() {
        assert_eq!(object(b"\xef\xbb\xbf{\"a\":1}").unwrap()["a"], 1);
        for body in ["", "[]", "1", "{", "{\"a\":1}x", "\"\\", "{\"a\":\"\\ud800\"}"] {
            assert_eq!(object(body.as_bytes()).unwrap_err().kind(), DecodeErrorKind::NotJson, "{body}");
        }
    }
}
