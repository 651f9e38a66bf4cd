//! One level of a JSON value, with the order of keys and all digits of numbers as they were written.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// One level: what is inside of a list or an object is still text.
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    List(Vec<&'a RawValue>),
    Object(Vec<(Cow<'a, str>, &'a RawValue)>),
}

impl<'a> Json<'a> {
    /// Reads one level of JSON that is known to be sound.
    pub(crate) fn read(raw: &'a RawValue) -> Self {
        let text = raw.get().trim_ascii();
        match text.as_bytes().first() {
            Some(b'{') => Self::Object(entries(text)),
            Some(b'[') => Self::List(serde_json::from_str(text).unwrap_or_default()),
            Some(b'"') => Self::Text(serde_json::from_str::<Text<'_>>(text).map(|Text(text)| text).unwrap_or_default()),
            Some(b't' | b'f') => Self::Bool(text == "true"),
            None | Some(b'n') => Self::Null,
            Some(_) => Self::Number(text),
        }
    }
}

/// The entries of a JSON object in their order; none where it is something else.
fn entries(text: &str) -> Vec<(Cow<'_, str>, &RawValue)> {
    serde_json::from_str::<Entries<'_>>(text).map(|Entries(entries)| entries).unwrap_or_default()
}

/// Text that is borrowed where nothing in it is escaped.
#[derive(Deserialize)]
pub(crate) struct Text<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

struct Entries<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((Text(key), value)) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(Entries(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Entries<'de>, A::Error> {
        Ok(Entries(Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        RawValue::from_string(text.to_owned()).unwrap()
    }

    #[test]
    fn order_digits_and_escapes_survive() {
        let raw = raw(r#" {"z":1e21,"a\u0041":[0.10,"\u00e9"],"a":null,"t":true} "#);
        let Json::Object(entries) = Json::read(&raw) else { panic!("an object") };
        let keys: Vec<_> = entries.iter().map(|(key, _)| &**key).collect();
        assert_eq!(keys, ["z", "aA", "a", "t"]);
        assert!(matches!(Json::read(entries[0].1), Json::Number("1e21")));
        let Json::List(list) = Json::read(entries[1].1) else { panic!("a list") };
        assert!(matches!(Json::read(list[0]), Json::Number("0.10")));
        assert!(matches!(Json::read(list[1]), Json::Text(text) if text == "é"));
        assert!(matches!(Json::read(entries[2].1), Json::Null));
        assert!(matches!(Json::read(entries[3].1), Json::Bool(true)));
    }
}
