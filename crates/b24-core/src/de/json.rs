//! JSON that comes as bytes.

use serde::{Deserialize, de::Error as _};

/// Reads JSON that came as bytes, as `serde_json::from_slice` does, but through the one reader that text is read by: a
/// program that uses both carries each decoder twice.
///
/// # Errors
/// When the bytes are no UTF-8 anywhere, or no such JSON.
pub fn from_json<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    let text = std::str::from_utf8(json).map_err(|_| serde_json::Error::custom("the JSON is not UTF-8"))?;
    serde_json::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_text() {
        assert_eq!(from_json::<Vec<&str>>("[\"a\",\"ä\"]".as_bytes()).unwrap(), ["a", "ä"]);
        assert!(from_json::<Vec<&str>>(b"[\"a\"").unwrap_err().is_eof());
        assert_eq!(from_json::<serde::de::IgnoredAny>(b"[\"\xff\"]").unwrap_err().to_string(), "the JSON is not UTF-8");
    }
}
