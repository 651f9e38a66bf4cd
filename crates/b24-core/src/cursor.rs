//! The place in a list after which it goes on.

use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::value::RawValue;

use crate::json::Json;

/// The place in a list after which it goes on: the id of a row as the portal wrote it, a number of any length or text.
///
/// Keep it with what was read, and hand it to a list of the same method and filter to go on where that one stopped.
///
/// ```
/// use b24_core::Cursor;
///
/// let cursor = Cursor::from(150_u64);
/// let kept = cursor.to_string();
/// assert_eq!(kept.parse::<Cursor>()?, cursor);
/// # Ok::<(), b24_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(Box<str>);

impl Cursor {
    /// Reads an id from JSON: a whole number, or text. `None` for anything else, and for text without a character.
    #[must_use]
    pub fn read(raw: &RawValue) -> Option<Self> {
        match Json::read(raw) {
            Json::Number(digits) => whole(digits).map(|digits| Self(digits.into())),
            Json::Text(text) if text.is_empty() => None,
            Json::Text(_) => Some(Self(raw.get().trim().into())),
            _ => None,
        }
    }

    /// The JSON of it, as it goes over the wire.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.0
    }

    /// How it stands to another one: by value where both are whole numbers, written as such or as text; `None` otherwise,
    /// because how a portal sorts texts is its own affair.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let (mine, yours) = (Number::read(&self.0)?, Number::read(&other.0)?);
        Some(mine.cmp(&yours))
    }
}

/// A whole number of any length.
#[derive(PartialEq, Eq)]
struct Number<'a> {
    negative: bool,
    digits: &'a str,
}

impl<'a> Number<'a> {
    fn read(json: &'a str) -> Option<Self> {
        let text = json.trim_matches('"');
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let digits = digits.trim_start_matches('0');
        good.then_some(Self { negative: negative && !digits.is_empty(), digits })
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = (self.digits.len(), self.digits).cmp(&(other.digits.len(), other.digits));
        match (self.negative, other.negative) {
            (false, false) => size,
            (true, true) => size.reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The digits of a whole number, however JSON writes it: `7`, `7.0`.
fn whole(digits: &str) -> Option<&str> {
    let digits = match digits.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|byte| byte == b'0') => whole,
        Some(_) => return None,
        None => digits,
    };
    let bare = digits.strip_prefix('-').unwrap_or(digits);
    bare.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

impl From<u64> for Cursor {
    fn from(id: u64) -> Self {
        Self(id.to_string().into())
    }
}

impl From<i64> for Cursor {
    fn from(id: i64) -> Self {
        Self(id.to_string().into())
    }
}

impl From<u32> for Cursor {
    fn from(id: u32) -> Self {
        Self::from(u64::from(id))
    }
}

impl From<i32> for Cursor {
    fn from(id: i32) -> Self {
        Self::from(i64::from(id))
    }
}

/// Text is an id as it is: `Cursor::from("150")` is written as text, `Cursor::from(150)` as a number.
impl From<&str> for Cursor {
    fn from(id: &str) -> Self {
        Self(serde_json::to_string(id).unwrap_or_default().into())
    }
}

impl From<&Self> for Cursor {
    fn from(cursor: &Self) -> Self {
        cursor.clone()
    }
}

/// What [`Display`](fmt::Display) wrote: digits are a number, and anything else is text, in quotes or not.
impl std::str::FromStr for Cursor {
    type Err = crate::Error;

    fn from_str(text: &str) -> Result<Self, crate::Error> {
        let refused = || crate::Error::usage(crate::SdkCode::InvalidParams, "the cursor is empty");
        let raw = RawValue::from_string(text.trim().to_owned()).ok();
        match raw.as_deref().and_then(Self::read) {
            Some(cursor) => Ok(cursor),
            None if text.trim().is_empty() || text.trim() == "\"\"" => Err(refused()),
            None => Ok(Self::from(text)),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match RawValue::from_string(self.0.clone().into()) {
            Ok(raw) => raw.serialize(serializer),
            Err(_) => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::read(&raw).ok_or_else(|| D::Error::custom("expected an id: a whole number or text"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Cursor> {
        Cursor::read(&RawValue::from_string(text.to_owned()).unwrap())
    }

    #[test]
    fn ids_are_numbers_of_any_length_or_text() {
        for (text, want) in [
            ("7", Some("7")),
            ("7.0", Some("7")),
            ("-7", Some("-7")),
            ("9007199254740993", Some("9007199254740993")),
            ("123456789012345678901234567890", Some("123456789012345678901234567890")),
            ("\"7\"", Some("\"7\"")),
            ("\"T_5\"", Some("\"T_5\"")),
            ("\"\"", None),
            ("7.5", None),
            ("1e3", None),
            ("null", None),
            ("true", None),
            ("[7]", None),
            ("{}", None),
        ] {
            assert_eq!(read(text).as_ref().map(Cursor::as_json), want, "{text}");
        }
    }

    #[test]
    fn numbers_are_compared_by_value_and_texts_not_at_all() {
        use Ordering::{Equal, Greater, Less};
        for (a, b, want) in [
            ("7", "50", Some(Less)),
            ("\"7\"", "50", Some(Less)),
            ("\"050\"", "50", Some(Equal)),
            ("9007199254740993", "9007199254740992", Some(Greater)),
            ("123456789012345678901234567890", "99", Some(Greater)),
            ("-7", "3", Some(Less)),
            ("-7", "-3", Some(Less)),
            ("-0", "0", Some(Equal)),
            ("\"a\"", "\"b\"", None),
            ("\"a\"", "5", None),
        ] {
            assert_eq!(read(a).unwrap().compare(&read(b).unwrap()), want, "{a} {b}");
        }
    }

    #[test]
    fn what_was_written_is_read_back() {
        for cursor in [Cursor::from(150_u64), Cursor::from("150"), Cursor::from("T_5"), Cursor::from("a\"b")] {
            assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
            let json = serde_json::to_string(&cursor).unwrap();
            assert_eq!(serde_json::from_str::<Cursor>(&json).unwrap(), cursor);
        }
        assert_eq!("T_5".parse::<Cursor>().unwrap(), Cursor::from("T_5"));
        assert!("".parse::<Cursor>().is_err());
    }
}
