//! Watching a row while it is read into the caller's type: its id is seen in passing, and nothing is read twice.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, Error, MapAccess, SeqAccess, Visitor},
};

use super::row_id::RowId;

/// Reads a row with `seed`, and notes the value of its field `id_key`.
pub(super) struct RowSeed<'s, S> {
    pub(super) seed: S,
    pub(super) id_key: &'s str,
    pub(super) seen: &'s mut RowId,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for RowSeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        let watch = Row { id_key: self.id_key, seen: self.seen };
        self.seed.deserialize(Watched { inner: deserializer, watch })
    }
}

/// What is done with the values that pass by.
trait Watch: Sized {
    fn text(&mut self, _: &str) {}
    fn unsigned(&mut self, _: u64) {}
    fn signed(&mut self, _: i64) {}

    fn map<'de, V: Visitor<'de>, A: MapAccess<'de>>(self, visitor: V, map: A) -> Result<V::Value, A::Error> {
        visitor.visit_map(map)
    }
}

/// A row: looks for the field of the id.
struct Row<'s> {
    id_key: &'s str,
    seen: &'s mut RowId,
}

impl Watch for Row<'_> {
    fn map<'de, V: Visitor<'de>, A: MapAccess<'de>>(self, visitor: V, map: A) -> Result<V::Value, A::Error> {
        visitor.visit_map(Fields { map, id_key: self.id_key, seen: self.seen, is_id: false })
    }
}

/// The name of a field.
struct Name<'s> {
    id_key: &'s str,
    is_id: &'s mut bool,
}

impl Watch for Name<'_> {
    fn text(&mut self, name: &str) {
        *self.is_id = name == self.id_key;
    }
}

/// The id itself.
struct Id<'s> {
    seen: &'s mut RowId,
}

impl Watch for Id<'_> {
    fn text(&mut self, text: &str) {
        *self.seen = RowId::from_text(text);
    }

    fn unsigned(&mut self, number: u64) {
        *self.seen = RowId::Number(number);
    }

    fn signed(&mut self, number: i64) {
        *self.seen = RowId::from_signed(number);
    }
}

/// The fields of a row.
struct Fields<'s, A> {
    map: A,
    id_key: &'s str,
    seen: &'s mut RowId,
    is_id: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.is_id = false;
        let watch = Name { id_key: self.id_key, is_id: &mut self.is_id };
        self.map.next_key_seed(Seed { seed, watch })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        if self.is_id {
            self.map.next_value_seed(Seed { seed, watch: Id { seen: self.seen } })
        } else {
            self.map.next_value_seed(seed)
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

struct Seed<S, W> {
    seed: S,
    watch: W,
}

impl<'de, S: DeserializeSeed<'de>, W: Watch> DeserializeSeed<'de> for Seed<S, W> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.seed.deserialize(Watched { inner: deserializer, watch: self.watch })
    }
}

/// A deserializer, or a visitor, that passes everything on.
struct Watched<I, W> {
    inner: I,
    watch: W,
}

/// Each method hands the call on, with the visitor watched.
macro_rules! hand_on {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method($($name,)* Watched { inner: visitor, watch: self.watch })
        })*
    };
}

impl<'de, D: Deserializer<'de>, W: Watch> Deserializer<'de> for Watched<D, W> {
    type Error = D::Error;

    hand_on! {
        deserialize_any();
        deserialize_bool();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
    }

    /// What the caller's type does not want is looked at all the same.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(Watched { inner: visitor, watch: self.watch })
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<'de, V: Visitor<'de>, W: Watch> Visitor<'de> for Watched<V, W> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.inner.visit_bool(value)
    }

    fn visit_i64<E: Error>(mut self, value: i64) -> Result<V::Value, E> {
        self.watch.signed(value);
        self.inner.visit_i64(value)
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<V::Value, E> {
        self.inner.visit_i128(value)
    }

    fn visit_u64<E: Error>(mut self, value: u64) -> Result<V::Value, E> {
        self.watch.unsigned(value);
        self.inner.visit_u64(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<V::Value, E> {
        self.inner.visit_u128(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.inner.visit_f64(value)
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<V::Value, E> {
        self.watch.text(text);
        self.inner.visit_str(text)
    }

    fn visit_borrowed_str<E: Error>(mut self, text: &'de str) -> Result<V::Value, E> {
        self.watch.text(text);
        self.inner.visit_borrowed_str(text)
    }

    fn visit_string<E: Error>(mut self, text: String) -> Result<V::Value, E> {
        self.watch.text(&text);
        self.inner.visit_string(text)
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<V::Value, E> {
        self.inner.visit_bytes(bytes)
    }

    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<V::Value, E> {
        self.inner.visit_borrowed_bytes(bytes)
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<V::Value, E> {
        self.inner.visit_byte_buf(bytes)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Watched { inner: deserializer, watch: self.watch })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Watched { inner: deserializer, watch: self.watch })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.watch.map(self.inner, map)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(data)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, marker::PhantomData};

    use serde::{Deserialize, de::DeserializeOwned};
    use serde_json::{Value, value::RawValue};

    use super::*;

    fn read<T: DeserializeOwned>(row: &str) -> (T, RowId) {
        let mut seen = RowId::Missing;
        let seed = RowSeed { seed: PhantomData::<T>, id_key: "id", seen: &mut seen };
        let value = seed.deserialize(&mut serde_json::Deserializer::from_str(row)).unwrap();
        (value, seen)
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Full {
        id: u64,
        title: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct WithoutId {
        title: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Flat {
        #[serde(flatten)]
        all: BTreeMap<String, Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(Full);

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(untagged)]
    enum Any {
        Full(Full),
        Other(Value),
    }

    #[test]
    fn the_id_is_seen_whatever_the_row_is_read_into() {
        let row = r#"{"nested":{"id":9},"id":7,"title":"a\"b","more":[{"id":8}]}"#;
        let full = || Full { id: 7, title: "a\"b".to_owned() };
        assert_eq!(read::<Full>(row), (full(), RowId::Number(7)));
        assert_eq!(read::<WithoutId>(row), (WithoutId { title: "a\"b".to_owned() }, RowId::Number(7)));
        assert_eq!(read::<Wrapped>(row), (Wrapped(full()), RowId::Number(7)));
        assert_eq!(read::<Any>(row), (Any::Full(full()), RowId::Number(7)));
        assert_eq!(read::<Value>(row), (serde_json::from_str(row).unwrap(), RowId::Number(7)));
        assert_eq!(read::<Option<Full>>(row), (Some(full()), RowId::Number(7)));
        assert_eq!(read::<Flat>(row).1, RowId::Number(7));
        assert_eq!(read::<serde::de::IgnoredAny>(row).1, RowId::Number(7));
    }

    #[test]
    fn names_of_fields_are_of_any_type_that_json_can_have_there() {
        #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        struct Name(String);

        let row = r#"{"id":7}"#;
        assert_eq!(read::<BTreeMap<Name, u8>>(row), (BTreeMap::from([(Name("id".to_owned()), 7)]), RowId::Number(7)));
        assert_eq!(read::<BTreeMap<u32, u8>>(r#"{"5":7}"#).0, BTreeMap::from([(5, 7)]));
    }

    #[test]
    fn raw_rows_are_left_alone() {
        let row = r#"{"id":7, "n":0.10}"#;
        let (raw, seen) = read::<Box<RawValue>>(row);
        assert_eq!((raw.get(), seen), (row, RowId::Missing));
    }

    #[test]
    fn ids_come_as_numbers_and_texts() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Text {
            id: String,
        }
        assert_eq!(read::<Text>(r#"{"id":"7"}"#).1, RowId::Digits(7));
        assert_eq!(read::<Text>(r#"{"id":"T_7"}"#).1, RowId::from_text("T_7"));
        assert_eq!(read::<Value>(r#"{"id":null}"#).1, RowId::Missing);
        assert_eq!(read::<Value>(r#"{"id":[7]}"#).1, RowId::Missing);
        assert_eq!(read::<Value>(r#"{"ID":7}"#).1, RowId::Missing);
        assert_eq!(read::<Value>(r#"{"id":-7}"#).1, RowId::from_signed(-7));
        assert_eq!(read::<Value>(r#"[1]"#), (serde_json::json!([1]), RowId::Missing));
    }
}
