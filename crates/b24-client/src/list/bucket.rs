//! Finding the rows in a result, and reading each into the caller's type.

use std::{fmt, marker::PhantomData};

use b24_core::{Error, SdkCode, de, error::Unreadable};
use serde::{
    Deserializer,
    de::{DeserializeOwned, DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{row_id::RowId, watch::RowSeed};

/// The rows of one page.
#[derive(Debug)]
pub(super) struct Bucket<T> {
    pub(super) rows: Vec<T>,
    /// One for each row.
    pub(super) ids: Vec<RowId>,
    /// The row after the last one is there, and does not fit the type.
    pub(super) unfit: Option<Error>,
    /// Whether there were rows, or a place for them.
    found: bool,
}

/// Reads the rows under `items_key` of a result, or the result itself when there is no key. `first` is the absolute place
/// of the first of them, for errors.
///
/// A row that does not fit ends the reading; those before it are kept.
pub(super) fn read<T: DeserializeOwned>(
    result: &[u8],
    items_key: Option<&str>,
    id_key: &str,
    first: u64,
) -> Result<Bucket<T>, Error> {
    // Checked once as a whole, which takes a fraction of the time that a check of each key and each text in it would.
    let result = std::str::from_utf8(result).map_err(|_| Error::decode("the result is not UTF-8"))?;
    let mut bucket = Bucket { rows: Vec::new(), ids: Vec::new(), unfit: None, found: false };
    let seed = Place { items_key, id_key, bucket: &mut bucket };
    let outcome = seed.deserialize(&mut serde_json::Deserializer::from_str(result));
    if !bucket.found {
        return Err(not_found(items_key));
    }
    if let Err(source) = outcome {
        let place = bucket.rows.len();
        bucket.ids.truncate(place);
        bucket.unfit = Some(explain::<T>(result, items_key, place, first, &source));
    }
    if bucket.ids.contains(&RowId::Missing) {
        look_again(result, items_key, id_key, &mut bucket.ids);
    }
    Ok(bucket)
}

/// Types that take a row as raw text do not let its id be seen in passing, and some numbers lose digits there.
fn look_again(result: &str, items_key: Option<&str>, id_key: &str, ids: &mut [RowId]) {
    let Ok(raw) = read_raw(result, items_key) else { return };
    for (id, row) in ids.iter_mut().zip(raw) {
        if *id == RowId::Missing {
            let field = de::fields(row.get().as_bytes(), [id_key]);
            // What cannot be read stays missing.
            *id = field.ok().and_then(|[id]| id).map(RowId::from_raw).unwrap_or_default();
        }
    }
}

fn read_raw<'a>(result: &'a str, items_key: Option<&str>) -> Result<Vec<&'a RawValue>, serde_json::Error> {
    let rows = match items_key {
        None => result,
        Some(key) => {
            let [rows] = de::fields(result.as_bytes(), [key])?;
            rows.map_or("[]", RawValue::get)
        }
    };
    de::list(rows.as_bytes())
}

/// Says which row does not fit, and where in it.
fn explain<T: DeserializeOwned>(
    result: &str,
    items_key: Option<&str>,
    place: usize,
    first: u64,
    source: &serde_json::Error,
) -> Error {
    let number = first + u64::try_from(place).unwrap_or(u64::MAX);
    let row = read_raw(result, items_key).ok().and_then(|rows| rows.get(place).copied());
    let again = row.map(|row| serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(row.get())));
    match again {
        Some(Err::<T, _>(error)) => {
            let text = match error.path().to_string() {
                path if path == "." => format!("row {number} does not fit the type it is read into"),
                path => format!("row {number} does not fit the type it is read into at `{path}`"),
            };
            Error::decode(text).with_source(Unreadable::new(error.inner()))
        }
        _ => Error::decode(format!("row {number} cannot be read")).with_source(Unreadable::new(source)),
    }
}

fn not_found(items_key: Option<&str>) -> Error {
    let text = match items_key {
        Some(key) => format!("the result has no list of rows under `{key}`"),
        None => "the result is no list of rows: say under which key they are".to_owned(),
    };
    Error::unexpected(SdkCode::ItemsNotFound, text)
}

/// The result: looks for the key, if there is one.
struct Place<'s, T> {
    items_key: Option<&'s str>,
    id_key: &'s str,
    bucket: &'s mut Bucket<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Place<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.items_key {
            None => Rows { id_key: self.id_key, bucket: self.bucket }.deserialize(deserializer),
            Some(_) => deserializer.deserialize_map(self),
        }
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Place<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(is_it) = map.next_key_seed(Named(self.items_key.unwrap_or_default()))? {
            if is_it {
                map.next_value_seed(Rows { id_key: self.id_key, bucket: &mut *self.bucket })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Whether a key has a name.
struct Named<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Named<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

/// The rows: a list, or an object whose keys are numbers, which is how PHP writes a list with gaps and rows by their ids.
struct Rows<'s, T> {
    id_key: &'s str,
    bucket: &'s mut Bucket<T>,
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for Rows<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Rows<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        self.bucket.found = true;
        loop {
            let mut seen = RowId::Missing;
            let row = list.next_element_seed(RowSeed { seed: PhantomData, id_key: self.id_key, seen: &mut seen })?;
            let Some(row) = row else { return Ok(()) };
            self.bucket.rows.push(row);
            self.bucket.ids.push(seen);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // `{}` is how nothing is written where rows come by their ids.
        self.bucket.found = true;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if !key.bytes().all(|byte| byte.is_ascii_digit()) {
                // An object of another kind: what was found in it are no rows.
                self.bucket.found = false;
                return Err(A::Error::custom("expected rows"));
            }
            let mut seen = RowId::Missing;
            let row = map.next_value_seed(RowSeed { seed: PhantomData, id_key: self.id_key, seen: &mut seen })?;
            self.bucket.rows.push(row);
            self.bucket.ids.push(seen);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use b24_core::Cursor;
    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    fn rows(result: &str, items_key: Option<&str>) -> Result<(usize, Vec<RowId>), String> {
        match read::<Value>(result.as_bytes(), items_key, "id", 0) {
            Ok(bucket) => Ok((bucket.rows.len(), bucket.ids)),
            Err(error) => Err(error.code().to_owned()),
        }
    }

    fn ids<const N: usize>(ids: [u64; N]) -> (usize, Vec<RowId>) {
        (N, ids.map(RowId::Number).into())
    }

    // Fact: PHP writes a list with gaps, and rows by their ids, as an object, and nothing as `[]`.
    #[test]
    fn rows_are_a_list_or_an_object_with_numbers_for_keys() {
        assert_eq!(rows(r#"[{"id":1},{"id":2}]"#, None), Ok(ids([1, 2])));
        assert_eq!(rows(r#"{"0":{"id":1},"2":{"id":2}}"#, None), Ok(ids([1, 2])));
        assert_eq!(rows("[]", None), Ok(ids([])));
        assert_eq!(rows(r#"{"items":[{"id":1}],"more":true}"#, Some("items")), Ok(ids([1])));
        assert_eq!(rows(r#"{"templates":{"7":{"id":7},"9":{"id":9}}}"#, Some("templates")), Ok(ids([7, 9])));
        assert_eq!(rows(r#"{"items":{}}"#, Some("items")), Ok(ids([])));
    }

    #[test]
    fn a_key_that_leads_nowhere_is_an_error_and_no_empty_list() {
        for (result, key) in [
            (r#"{"items":[{"id":1}]}"#, None),
            (r#"{"items":[]}"#, Some("tasks")),
            ("[]", Some("items")),
            (r#"{"items":null}"#, Some("items")),
            (r#"{"items":5}"#, Some("items")),
            (r#"{"items":"x"}"#, Some("items")),
            (r#"{"items":{"a":{"id":1}}}"#, Some("items")),
            ("null", None),
            ("true", None),
            ("5", Some("items")),
            ("\"x\"", Some("items")),
        ] {
            assert_eq!(rows(result, key), Err("ITEMS_NOT_FOUND".to_owned()), "{result} {key:?}");
        }
    }

    #[test]
    fn raw_rows_have_ids_too() {
        let result =
            br#"{"items":[{"id":1,"n":0.10},{"x":1},{"id":"3"},{"id":4.0},{"id":123456789012345678901234567890}]}"#;
        let bucket = read::<Box<RawValue>>(result, Some("items"), "id", 0).unwrap();
        assert_eq!(bucket.rows[0].get(), r#"{"id":1,"n":0.10}"#);
        let long = Cursor::read(&RawValue::from_string("123456789012345678901234567890".to_owned()).unwrap()).unwrap();
        let want = [RowId::Number(1), RowId::Missing, RowId::Digits(3), RowId::Number(4), RowId::Other(long)];
        assert_eq!(bucket.ids, want);
        // Numbers that a float has touched are read again.
        assert_eq!(read::<Value>(result, Some("items"), "id", 0).unwrap().ids, want);
    }

    #[test]
    fn a_row_that_does_not_fit_is_named_with_its_path_and_the_rows_before_it_are_kept() {
        #[derive(Debug, Deserialize)]
        struct Row {
            #[serde(rename = "id")]
            _id: u64,
            #[serde(rename = "contact", default)]
            _contact: Option<Contact>,
        }
        #[derive(Debug, Deserialize)]
        struct Contact {
            #[serde(rename = "phones")]
            _phones: Vec<u64>,
        }
        let result = br#"{"items":[{"id":1},{"id":2},{"id":3,"contact":{"phones":[5,"s3cr3t"]}},{"id":4}]}"#;
        let bucket = read::<Row>(result, Some("items"), "id", 100).unwrap();
        assert_eq!(bucket.rows.len(), 2);
        assert_eq!(bucket.ids, [RowId::Number(1), RowId::Number(2)]);
        let error = bucket.unfit.unwrap();
        assert_eq!(error.message(), "row 102 does not fit the type it is read into at `contact.phones[1]`");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("u64") && !source.contains("s3cr3t"), "{source}");
    }
}
