//! JSON that is read by one reader, and left unread below the first level.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::json::Text;

/// Reads JSON that came as bytes, as `serde_json::from_slice` does, but through the one reader that text is read by: a
/// program that uses both carries each decoder twice.
///
/// # Errors
/// When the bytes are no UTF-8 anywhere, or no such JSON.
pub fn from_json<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    serde_json::from_str(text(json)?)
}

/// The values of these fields of a JSON object, unread and in this order; of a field that comes twice, the last. The others
/// are passed over.
///
/// One odd value hides no other, and unlike a type with a `Deserialize` of its own it costs a program next to nothing.
///
/// ```
/// # use b24_core::de;
/// let [id, name] = de::fields(br#"{"x":[],"id":"7"}"#, ["id", "name"])?;
/// assert_eq!(id.map(|raw| raw.get()), Some("\"7\""));
/// assert!(name.is_none());
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// When the bytes are no UTF-8 anywhere, or no JSON object.
pub fn fields<'a, const N: usize>(json: &'a [u8], names: [&str; N]) -> serde_json::Result<[Option<&'a RawValue>; N]> {
    let mut found = [None; N];
    find(text(json)?, Wanted { names: &names, found: &mut found })?;
    Ok(found)
}

/// The values of a PHP array, unread; see [`php_list()`](super::php_list).
///
/// # Errors
/// When the bytes are no UTF-8 anywhere, or no PHP array.
pub fn list(json: &[u8]) -> serde_json::Result<Vec<&RawValue>> {
    #[derive(Deserialize)]
    struct List<'a>(#[serde(borrow, deserialize_with = "super::php_list")] Vec<&'a RawValue>);

    from_json(json).map(|List(values)| values)
}

/// The entries of a PHP array with their keys, unread; see [`php_map()`](super::php_map).
///
/// # Errors
/// When the bytes are no UTF-8 anywhere, or no PHP array.
pub fn entries(json: &[u8]) -> serde_json::Result<Vec<(String, &RawValue)>> {
    #[derive(Deserialize)]
    struct Entries<'a>(#[serde(borrow, deserialize_with = "super::php_map")] Vec<(String, &'a RawValue)>);

    from_json(json).map(|Entries(entries)| entries)
}

fn text(json: &[u8]) -> serde_json::Result<&str> {
    std::str::from_utf8(json).map_err(|_| serde_json::Error::custom("expected UTF-8"))
}

fn find<'a>(json: &'a str, wanted: Wanted<'_, 'a>) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_str(json);
    wanted.deserialize(&mut json)?;
    json.end()
}

struct Wanted<'w, 'a> {
    names: &'w [&'w str],
    /// As many as there are names.
    found: &'w mut [Option<&'a RawValue>],
}

impl<'de> DeserializeSeed<'de> for Wanted<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Wanted<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            match self.names.iter().zip(&mut *self.found).find(|(name, _)| **name == key) {
                Some((_, place)) => *place = Some(map.next_value()?),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_text() {
        assert_eq!(from_json::<Vec<&str>>("[\"a\",\"ä\"]".as_bytes()).unwrap(), ["a", "ä"]);
        assert!(from_json::<Vec<&str>>(b"[\"a\"").unwrap_err().is_eof());
        assert_eq!(from_json::<IgnoredAny>(b"[\"\xff\"]").unwrap_err().to_string(), "expected UTF-8");
    }

    #[test]
    fn arrays_are_read_one_level_deep() {
        for (json, keys, values) in [
            (r#"[1,"a",{}]"#, &["0", "1", "2"][..], &["1", "\"a\"", "{}"][..]),
            (r#"{"3":[1],"x":0.10}"#, &["3", "x"], &["[1]", "0.10"]),
            ("null", &[], &[]),
        ] {
            let entries = entries(json.as_bytes()).unwrap();
            assert_eq!(entries.iter().map(|(key, _)| key).collect::<Vec<_>>(), keys);
            assert_eq!(entries.iter().map(|(_, raw)| raw.get()).collect::<Vec<_>>(), values);
            assert_eq!(list(json.as_bytes()).unwrap().iter().map(|raw| raw.get()).collect::<Vec<_>>(), values);
        }
        assert!(list(b"5").is_err() && entries(b"[").is_err() && list(b"[] x").is_err());
    }

    #[test]
    fn fields_are_found_wherever_they_stand() {
        let json = br#" {"x":{"a":1},"\u0061": [ 1 ] ,"b":null,"c":1,"c":2} "#;
        let found = fields(json, ["a", "b", "c", "d"]).unwrap().map(|raw| raw.map(RawValue::get));
        assert_eq!(found, [Some("[ 1 ]"), Some("null"), Some("2"), None]);
        for broken in [&b"[]"[..], b"null", b"{\"a\":}", b"{} x", b"{", b"", b"{\"x\":\"\xff\"}"] {
            assert!(fields(broken, ["a"]).is_err());
        }
    }
}
