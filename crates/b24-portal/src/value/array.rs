//! PHP's ordered array: integer and text keys side by side, in the order they were set.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};

use indexmap::{Equivalent, IndexMap};

use super::{Text, Value};

/// A key of a PHP array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Int(i64),
    Str(Text),
}

impl Key {
    /// The key this text stands for: PHP turns `"8"` into the integer 8, but leaves `"08"` a text.
    pub(crate) fn parse(text: impl Into<Text>) -> Self {
        let text = text.into();
        match integer_key(&text) {
            Some(number) => Self::Int(number),
            None => Self::Str(text),
        }
    }

    pub(crate) fn to_text(&self) -> Text {
        match self {
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Str(text) => text.clone(),
        }
    }

    fn borrowed(&self) -> Borrowed<'_> {
        match self {
            Self::Int(number) => Borrowed::Int(*number),
            Self::Str(text) => Borrowed::Str(text),
        }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

impl From<&'static str> for Key {
    fn from(text: &'static str) -> Self {
        Self::parse(text)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::parse(text)
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

/// A key looked up without being allocated.
#[derive(Hash)]
enum Borrowed<'a> {
    Int(i64),
    Str(&'a str),
}

impl Equivalent<Key> for Borrowed<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        match (self, key) {
            (Self::Int(left), Key::Int(right)) => left == right,
            (Self::Str(left), Key::Str(right)) => *left == right,
            _ => false,
        }
    }
}

/// A PHP array.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Array {
    entries: IndexMap<Key, Value>,
    next: i64,
}

impl Array {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// `$array[$key] = $value`: an existing key keeps its place.
    pub(crate) fn set(&mut self, key: impl Into<Key>, value: impl Into<Value>) {
        *self.slot(key.into()) = value.into();
    }

    /// `$array[] = $value`.
    pub(crate) fn push(&mut self, value: impl Into<Value>) {
        let key = Key::Int(self.next);
        *self.slot(key) = value.into();
    }

    /// The place of `key`, made with null when it is new.
    pub(crate) fn slot(&mut self, key: Key) -> &mut Value {
        if let Key::Int(number) = key {
            self.next = self.next.max(number.saturating_add(1));
        }
        self.entries.entry(key).or_insert(Value::Null)
    }

    /// The place that `$array[]` would fill.
    pub(crate) fn next_slot(&mut self) -> &mut Value {
        let key = Key::Int(self.next);
        self.slot(key)
    }

    /// `unset($array[$key])`, giving back what was there.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.entries.shift_remove(&borrow(key))
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Value> {
        self.entries.get(&borrow(key))
    }

    /// The value when it is there and not null, as PHP's `isset`.
    pub(crate) fn filled(&self, key: &str) -> Option<&Value> {
        self.get(key).filter(|value| !value.is_null())
    }

    pub(crate) fn get_index(&self, index: i64) -> Option<&Value> {
        self.entries.get(&Borrowed::Int(index))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Key, &Value)> {
        self.entries.iter()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Value> {
        self.entries.values()
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.entries.values_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether the keys are exactly `0..n`, in that order: what `json_encode` writes as a list.
    pub(crate) fn is_list(&self) -> bool {
        self.entries.keys().zip(0_i64..).all(|(key, index)| *key == Key::Int(index))
    }

    /// `array_change_key_case($array, CASE_UPPER)`: of two keys that differ by case the later wins.
    pub(crate) fn upper(&self) -> Self {
        let mut upper = Self::new();
        for (key, value) in self.iter() {
            let key = match key {
                Key::Str(text) => Key::Str(Cow::Owned(text.to_uppercase())),
                Key::Int(number) => Key::Int(*number),
            };
            upper.set(key, value.clone());
        }
        upper
    }
}

impl<V: Into<Value>> FromIterator<V> for Array {
    fn from_iter<I: IntoIterator<Item = V>>(items: I) -> Self {
        let mut array = Self::new();
        for item in items {
            array.push(item);
        }
        array
    }
}

fn borrow(text: &str) -> Borrowed<'_> {
    match integer_key(text) {
        Some(number) => Borrowed::Int(number),
        None => Borrowed::Str(text),
    }
}

fn integer_key(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = match digits.as_bytes() {
        [b'0'] => text == "0",
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::map;

    #[test]
    fn only_canonical_integers_become_integer_keys() {
        for (text, want) in [
            ("8", Key::Int(8)),
            ("-5", Key::Int(-5)),
            ("0", Key::Int(0)),
            ("-0", Key::Str("-0".into())),
            ("08", Key::Str("08".into())),
            ("1.5", Key::Str("1.5".into())),
            ("", Key::Str("".into())),
            ("9223372036854775808", Key::Str("9223372036854775808".into())),
        ] {
            assert_eq!(Key::parse(text), want, "{text}");
        }
    }

    #[test]
    fn pushing_continues_after_the_largest_index() {
        let mut array = Array::new();
        array.set("5", 1_i64);
        array.push(2_i64);
        assert_eq!(array.get("6"), Some(&Value::Int(2)));
        assert!(!array.is_list());
    }

    #[test]
    fn of_two_keys_that_differ_by_case_the_later_wins() {
        let array = map! { "filter" => 1_i64, "FILTER" => 2_i64 };
        assert_eq!(array.upper().get("FILTER"), Some(&Value::Int(2)));
    }
}
