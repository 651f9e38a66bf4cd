//! PHP arrays: a map whose keys happen to be 0..n-1 arrives as a list, and one without entries as `[]`.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// Reads the values of a PHP array in their order, whichever shape it took; `null`, `false` and `""` are empty.
///
/// # Errors
/// The deserializer's error when the value is another scalar, or an entry does not decode.
pub fn php_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(entries(deserializer)?.into_iter().map(|(_, value)| value).collect())
}

/// Reads the entries of a PHP array with their keys, whichever shape it took, into any map or list of pairs; a list
/// has the keys `"0"`, `"1"`, …
///
/// # Errors
/// The deserializer's error when the value is another scalar, or an entry does not decode.
pub fn php_map<'de, D, T, C>(deserializer: D) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
    C: FromIterator<(String, T)>,
{
    let named = |(index, (key, value)): (usize, Entry<T>)| (key.unwrap_or_else(|| index.to_string()), value);
    Ok(entries(deserializer)?.into_iter().enumerate().map(named).collect())
}

/// A value and its key; entries of a list have none.
type Entry<T> = (Option<String>, T);

fn entries<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<Entry<T>>, D::Error> {
    deserializer.deserialize_any(Entries(PhantomData))
}

struct Entries<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
    type Value = Vec<Entry<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a PHP array: a list, an object, or nothing")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(value) = list.next_element()? {
            entries.push((None, value));
        }
        Ok(entries)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry()? {
            entries.push((Some(key), value));
        }
        Ok(entries)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        if value { Err(E::custom("expected a PHP array, found true")) } else { Ok(Vec::new()) }
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        if value.is_empty() { Ok(Vec::new()) } else { Err(E::custom("expected a PHP array, found text")) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn the_same_array_arrives_as_list_map_or_nothing() {
        for (value, want) in [
            (json!(["a", "b"]), vec!["a", "b"]),
            (json!({ "0": "a", "2": "b" }), vec!["a", "b"]),
            (json!([]), vec![]),
            (json!({}), vec![]),
            (json!(null), vec![]),
            (json!(false), vec![]),
            (json!(""), vec![]),
        ] {
            assert_eq!(php_list::<_, String>(value.clone()).unwrap(), want, "{value}");
        }
    }

    #[test]
    fn keys_survive_both_shapes() {
        let map: BTreeMap<String, u8> = php_map(json!([5, 6])).unwrap();
        assert_eq!(map, BTreeMap::from([("0".to_owned(), 5), ("1".to_owned(), 6)]));
        let pairs: Vec<(String, u8)> = serde_json::from_str::<Holder>(r#"{"rows":{"b":1,"a":2}}"#).unwrap().rows;
        assert_eq!(pairs, [("b".to_owned(), 1), ("a".to_owned(), 2)]);
    }

    #[derive(Deserialize)]
    struct Holder {
        #[serde(deserialize_with = "php_map")]
        rows: Vec<(String, u8)>,
    }

    #[test]
    fn other_scalars_are_refused() {
        for bad in [json!("a"), json!(1), json!(true)] {
            assert!(php_list::<_, String>(bad.clone()).is_err(), "{bad}");
        }
    }
}
