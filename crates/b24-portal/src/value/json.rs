//! JSON in and out, the way PHP's `json_decode(..., true)` and `json_encode` do it.

use std::fmt;
use std::io;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

use super::{Array, Key, Value};

/// Reads a JSON document.
pub(crate) fn from_slice(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

/// Writes a JSON document.
pub(crate) fn to_bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, PhpEscapes));
    // A vector takes everything, and `Serialize` below says nothing that JSON cannot.
    debug_assert!(written.is_ok(), "a value that JSON cannot say");
    bytes
}

/// The escapes a portal's encoder writes: `\/` for a slash, `\u00XX` for `<`, `>`, `&`, `'` and `"`.
///
/// A client that borrows texts from the body instead of decoding them is found out by this.
/// <https://www.php.net/manual/en/json.constants.php>: `JSON_HEX_*` and `JSON_UNESCAPED_UNICODE`
struct PhpEscapes;

impl Formatter for PhpEscapes {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(['/', '<', '>', '&', '\'']) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let escape: &[u8] = match rest.as_bytes()[at] {
                b'/' => b"\\/",
                b'<' => b"\\u003C",
                b'>' => b"\\u003E",
                b'&' => b"\\u0026",
                _ => b"\\u0027",
            };
            writer.write_all(escape)?;
            rest = &rest[at + 1..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(b"\\u0022"),
            other => CompactFormatter.write_char_escape(writer, other),
        }
    }
}

/// A float as PHP prints it: the shortest digits, and no fraction when there is none.
pub(crate) fn float_text(number: f64) -> String {
    format!("{number}")
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Int(number) => serializer.serialize_i64(*number),
            // json_encode writes 10.0 as 10: https://www.php.net/manual/en/json.constants.php (PRESERVE_ZERO_FRACTION is off)
            #[allow(clippy::cast_possible_truncation, reason = "a whole number below 2^53 fits an i64")]
            Self::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                serializer.serialize_i64(*number as i64)
            }
            Self::Float(number) if number.is_finite() => serializer.serialize_f64(*number),
            Self::Float(_) => serializer.serialize_i64(0),
            Self::Str(text) => serializer.serialize_str(text),
            Self::Array(array) => array.serialize(serializer),
        }
    }
}

impl Serialize for Array {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_list() {
            return serializer.collect_seq(self.values());
        }
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            match key {
                Key::Int(number) => map.serialize_entry(&number.to_string(), value)?,
                Key::Str(text) => map.serialize_entry(text, value)?,
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        // Past 64 signed bits json_decode gives a float, with the loss that brings.
        #[allow(clippy::cast_precision_loss, reason = "PHP loses the same digits")]
        Ok(i64::try_from(number).map_or(Value::Float(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Array::new();
        while let Some(item) = items.next_element::<Value>()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut array = Array::new();
        while let Some((key, value)) = entries.next_entry::<String, Value>()? {
            array.set(key, value);
        }
        Ok(Value::Array(array))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(json: &str) -> String {
        let value = from_slice(json.as_bytes()).expect("valid JSON");
        String::from_utf8(to_bytes(&value)).expect("UTF-8")
    }

    #[test]
    fn arrays_flip_shape_by_content() {
        for (json, want) in [
            ("{}", "[]"),
            ("[]", "[]"),
            (r#"{"0":"a","1":"b"}"#, r#"["a","b"]"#),
            (r#"{"0":"a","2":"b"}"#, r#"{"0":"a","2":"b"}"#),
            (r#"{"1":"a","0":"b"}"#, r#"{"1":"a","0":"b"}"#),
            (r#"{"a":1,"b":{}}"#, r#"{"a":1,"b":[]}"#),
        ] {
            assert_eq!(round(json), want);
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (json, want) in [("9007199254740993", "9007199254740993"), ("0.1", "0.1"), ("10.0", "10"), ("-0.5", "-0.5")]
        {
            assert_eq!(round(json), want);
        }
    }

    #[test]
    fn texts_are_escaped_as_php_does_it() {
        let text = Value::from("a/b <i> & 'x' \"y\" ё\n");
        let written = String::from_utf8(to_bytes(&text)).expect("UTF-8");
        assert_eq!(written, r#""a\/b \u003Ci\u003E \u0026 \u0027x\u0027 \u0022y\u0022 ё\n""#);
        assert_eq!(from_slice(written.as_bytes()), Some(text));
    }

    #[test]
    fn the_later_of_two_equal_keys_wins_in_the_place_of_the_first() {
        assert_eq!(round(r#"{"a":1,"b":2,"a":3}"#), r#"{"a":3,"b":2}"#);
    }
}
