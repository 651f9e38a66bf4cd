//! The parameters of a call, serialised once.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use crate::{
    error::{Error, SdkCode},
    redact,
};

/// The parameters of a call as immutable JSON bytes.
///
/// They are serialised once, when the call is built; a clone is one reference count, and a call that is sent again
/// repeats the same bytes (an `Idempotency-Key` holds for identical bytes only). `Debug` shows them redacted.
#[derive(Clone)]
pub struct Params(Bytes);

impl Params {
    /// No parameters: `{}`.
    #[must_use]
    pub fn empty() -> Self {
        Self(Bytes::from_static(b"{}"))
    }

    /// Serialises named parameters: anything that becomes a JSON object. `()` and `None` become `{}`.
    ///
    /// The order of keys is kept, and so are all digits of numbers.
    ///
    /// # Errors
    /// [`SdkCode::InvalidParams`] when the value cannot be serialised or is no object.
    pub fn object<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        let json = to_json(value)?;
        match json.trim_ascii_start().first() {
            Some(b'{') => Ok(Self(json.into())),
            Some(b'n') => Ok(Self::empty()),
            _ => Err(Error::usage(SdkCode::InvalidParams, "the parameters must be a JSON object")),
        }
    }

    /// Serialises a list: the commands of a v3 batch.
    ///
    /// # Errors
    /// [`SdkCode::InvalidParams`] when the value cannot be serialised or is no list.
    pub fn list<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        let json = to_json(value)?;
        match json.trim_ascii_start().first() {
            Some(b'[') => Ok(Self(json.into())),
            _ => Err(Error::usage(SdkCode::InvalidParams, "the parameters must be a JSON list")),
        }
    }

    /// The bytes as they go over the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// Hands the bytes over.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let json = serde_json::to_vec(value).map_err(|source| {
        Error::usage(SdkCode::InvalidParams, "the parameters cannot be written as JSON").with_source(source)
    })?;
    if holds_half_a_character(&json) {
        let text = "the parameters hold half of a surrogate pair, for which a portal drops all of them";
        return Err(Error::usage(SdkCode::InvalidParams, text));
    }
    Ok(json)
}

/// Whether an escape such as `\ud83d` stands without its other half. It is JSON for a parser that does not look, and for
/// PHP it is none: a call without parameters, a list without its filter. Only raw JSON can hold it.
///
/// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/data-encoding.html>
fn holds_half_a_character(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = &rest[at..];
        let Some(unit) = escaped_unit(rest) else {
            // Any other escape is two bytes long.
            rest = rest.get(2..).unwrap_or_default();
            continue;
        };
        rest = &rest[ESCAPE..];
        match unit {
            0xD800..=0xDBFF if escaped_unit(rest).is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) => {
                rest = &rest[ESCAPE..];
            }
            0xD800..=0xDFFF => return true,
            _ => {}
        }
    }
    false
}

/// The code unit of a `\uXXXX` at the beginning.
fn escaped_unit(json: &[u8]) -> Option<u32> {
    let digits = json.get(..ESCAPE)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

const ESCAPE: usize = r"\uXXXX".len();

impl Default for Params {
    fn default() -> Self {
        Self::empty()
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redact::json(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::{json, value::RawValue};

    use super::*;

    #[test]
    fn order_of_keys_and_digits_of_numbers_are_kept() {
        let text = r#"{"z":1,"a":123456789012345678901234567890,"m":0.10}"#;
        let raw = RawValue::from_string(text.to_owned()).unwrap();
        assert_eq!(Params::object(&raw).unwrap().as_bytes(), text);
    }

    #[test]
    fn half_a_character_is_refused() {
        let object = |text: &str| Params::object(&RawValue::from_string(format!(r#"{{"a":"{text}"}}"#)).unwrap());
        for good in [r"\ud83d\ude00", r"\u0041", r"\\ud83d", r#"a\n\t\""#, "😀", r"\ud7ff\ue000"] {
            assert!(object(good).is_ok(), "{good}");
        }
        for bad in [r"\ud83d", r"x\ud83dx", r"\ude00\ud83d", r"\ud83d\u0041", r"\\\ud83d", r"\uD83D"] {
            assert_eq!(object(bad).unwrap_err().code(), "INVALID_PARAMS", "{bad}");
        }
    }

    #[test]
    fn nothing_becomes_an_empty_object() {
        assert_eq!(Params::object(&()).unwrap().as_bytes(), "{}");
        assert_eq!(Params::object(&None::<u8>).unwrap().as_bytes(), "{}");
        assert_eq!(Params::default().as_bytes(), "{}");
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for bad in [json!([1]), json!("text"), json!(1), json!(true)] {
            assert_eq!(Params::object(&bad).unwrap_err().code(), "INVALID_PARAMS");
        }
    }

    #[test]
    fn what_cannot_be_serialised_is_refused_with_its_source() {
        let keyed_by_a_list = HashMap::from([(vec![1], 1)]);
        let error = Params::object(&keyed_by_a_list).unwrap_err();
        assert_eq!(error.code(), "INVALID_PARAMS");
        assert!(std::error::Error::source(&error).is_some());
    }

    #[test]
    fn debug_hides_secrets() {
        let params = Params::object(&json!({ "fields": { "PASSWORD": "pw-1" }, "id": 7 })).unwrap();
        assert_eq!(format!("{params:?}"), r#"{"fields":{"PASSWORD":"***"},"id":7}"#);
    }
}
