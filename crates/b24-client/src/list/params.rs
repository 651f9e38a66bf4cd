//! The caller's parameters, into which each page puts its own.

use std::borrow::Cow;

use b24_core::{Error, Params, SdkCode, de};
use serde::Serialize;
use serde_json::value::RawValue;

/// The entries of a JSON object, in their order and as they were written.
#[derive(Clone, Debug, Default)]
pub(super) struct Entries(Vec<(Box<str>, Box<RawValue>)>);

impl Entries {
    /// The entries of a JSON object; `None` for anything else. An empty list is how PHP writes an empty object.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let text = json.trim_ascii();
        let is_object = match text {
            [b'{', ..] => true,
            [b'[', inner @ .., b']'] => inner.trim_ascii().is_empty(),
            _ => false,
        };
        let entries = is_object.then(|| de::entries(text).ok())??;
        Some(Self(entries.into_iter().map(|(key, value)| (key.into(), value.to_owned())).collect()))
    }

    /// The entries of parameters, which are an object.
    pub(super) fn of(params: &Params) -> Self {
        Self::read(params.as_bytes()).unwrap_or_default()
    }

    pub(super) fn get(&self, key: &str) -> Option<&RawValue> {
        self.0.iter().rev().find(|(name, _)| **name == *key).map(|(_, value)| &**value)
    }

    /// Takes a value out, whatever the case of its name. Two of the same name in different cases are refused: which of
    /// them a portal takes depends on their order and on the method.
    pub(super) fn take_in_any_case(&mut self, key: &str) -> Result<Option<Box<RawValue>>, Error> {
        let mut found = self.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
        if found.next().is_some() && found.next().is_some() {
            let text = format!("the parameters have `{key}` twice, in different cases");
            return Err(Error::usage(SdkCode::InvalidParams, text));
        }
        let place = self.0.iter().position(|(name, _)| name.eq_ignore_ascii_case(key));
        Ok(place.map(|place| self.0.remove(place).1))
    }

    /// Takes out what is `null`, which says as much as what is not there.
    pub(super) fn remove_null(&mut self, key: &str) {
        self.0.retain(|(name, value)| !(name.eq_ignore_ascii_case(key) && value.get() == "null"));
    }

    pub(super) fn set(&mut self, key: &str, value: Box<RawValue>) {
        match self.0.iter_mut().find(|(name, _)| **name == *key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key.into(), value)),
        }
    }

    pub(super) fn remove(&mut self, key: &str) -> Option<Box<RawValue>> {
        let place = self.0.iter().position(|(name, _)| **name == *key)?;
        Some(self.0.remove(place).1)
    }

    pub(super) fn to_params(&self) -> Result<Params, Error> {
        Params::object(self)
    }
}

impl Serialize for Entries {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// JSON of a value that is always written: a number, a name, a small object.
pub(super) fn json<T: Serialize>(value: &T) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// An object of one entry.
pub(super) struct Entry<K, V>(pub(super) K, pub(super) V);

impl<K: Serialize, V: Serialize> Serialize for Entry<K, V> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(&self.0, &self.1)])
    }
}

/// A list of fields, with one more field in it unless it is there, or all are.
pub(super) fn with_text(list: &RawValue, text: &str) -> Option<Box<RawValue>> {
    let mut texts: Vec<Cow<'_, str>> = serde_json::from_str(list.get()).ok()?;
    if !texts.iter().any(|have| have == text || have == "*") {
        texts.push(Cow::Borrowed(text));
    }
    Some(json(&texts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Entries {
        Entries::read(text.as_bytes()).unwrap()
    }

    fn text(entries: &Entries) -> String {
        String::from_utf8(entries.to_params().unwrap().as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn order_and_digits_survive() {
        let mut params = entries(r#"{"z":0.10,"a":{"n":1e3},"m":1}"#);
        params.set("start", json(&-1));
        params.set("a", json(&2));
        assert_eq!(text(&params), r#"{"z":0.10,"a":2,"m":1,"start":-1}"#);
        assert_eq!(params.remove("z").unwrap().get(), "0.10");
        assert!(Entries::read(b"[1]").is_none());
        assert_eq!(text(&entries("[]")), "{}");
    }

    // Fact: if both `filter` and `FILTER` are present the later wins, in some families.
    #[test]
    fn one_name_in_two_cases_is_refused() {
        let mut params = entries(r#"{"FILTER":{"A":1},"x":2}"#);
        assert_eq!(params.take_in_any_case("filter").unwrap().unwrap().get(), r#"{"A":1}"#);
        assert_eq!(text(&params), r#"{"x":2}"#);
        let mut both = entries(r#"{"FILTER":{},"filter":{}}"#);
        assert_eq!(both.take_in_any_case("filter").unwrap_err().code(), "INVALID_PARAMS");
    }

    #[test]
    fn a_text_is_added_once() {
        let list = json(&["a", "b"]);
        assert_eq!(with_text(&list, "b").unwrap().get(), r#"["a","b"]"#);
        assert_eq!(with_text(&list, "id").unwrap().get(), r#"["a","b","id"]"#);
        assert_eq!(with_text(&json(&["*", "UF_*"]), "ID").unwrap().get(), r#"["*","UF_*"]"#);
        assert!(with_text(&json(&5), "id").is_none());
    }
}
