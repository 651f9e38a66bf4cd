//! Watching a row while it is read into the caller's type: its id is seen in passing, and nothing is read twice.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

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
        self.seed.deserialize(Watched { inner: deserializer, id_key: self.id_key, seen: self.seen })
    }
}

/// A deserializer, or a visitor, that passes everything on, and an object as [`Fields`].
struct Watched<'s, I> {
    inner: I,
    id_key: &'s str,
    seen: &'s mut RowId,
}

impl<'s, I> Watched<'s, I> {
    fn with<J>(self, inner: J) -> (I, Watched<'s, J>) {
        (self.inner, Watched { inner, id_key: self.id_key, seen: self.seen })
    }
}

/// The fields of a row.
struct Fields<'s, A> {
    map: A,
    id_key: &'s str,
    seen: &'s mut RowId,
    is_id: bool,
}

/// The name of a field.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let Some(name) = self.map.next_key_seed(Name)? else { return Ok(None) };
        self.is_id = name == self.id_key;
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        if !self.is_id {
            return self.map.next_value_seed(seed);
        }
        let id: &RawValue = self.map.next_value()?;
        *self.seen = RowId::from_raw(id);
        seed.deserialize(&mut serde_json::Deserializer::from_str(id.get())).map_err(A::Error::custom)
    }

    fn size_hint(&self) -> Option<usize> {
        self.map.size_hint()
    }
}

/// Each method hands the call on, with the visitor watched.
macro_rules! hand_on {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            let (inner, visitor) = self.with(visitor);
            inner.$method($($name,)* visitor)
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watched<'_, D> {
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
        let (inner, visitor) = self.with(visitor);
        inner.deserialize_any(visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.inner.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.inner.visit_i64(value)
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<V::Value, E> {
        self.inner.visit_i128(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.inner.visit_u64(value)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<V::Value, E> {
        self.inner.visit_u128(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.inner.visit_f64(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<V::Value, E> {
        self.inner.visit_str(text)
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<V::Value, E> {
        self.inner.visit_borrowed_str(text)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<V::Value, E> {
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
        let (inner, deserializer) = self.with(deserializer);
        inner.visit_some(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let (inner, deserializer) = self.with(deserializer);
        inner.visit_newtype_struct(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Fields { map, id_key: self.id_key, seen: self.seen, is_id: false })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(data)
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, marker::PhantomData};

    use serde::{Deserialize, de::DeserializeOwned};
    use serde_json::Value;

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
        assert_eq!(read::<Value>(r#"{"id":-7}"#).1, RowId::from_raw(serde_json::from_str("-7").unwrap()));
        assert_eq!(read::<Value>(r#"[1]"#), (serde_json::json!([1]), RowId::Missing));
    }
}
