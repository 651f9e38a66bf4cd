//! PHP's array, as far as forms fill it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::name::Name;

/// Keys with values, and whether the keys are those of a list.
#[derive(Debug, Default)]
pub(super) struct Array {
    items: BTreeMap<Key, Node>,
    /// A key has come that is not the number of those before it.
    is_map: bool,
    /// The key that `[]` takes; one more than the largest number so far.
    next: i64,
    /// The largest number there is has been used: `[]` finds no place.
    is_full: bool,
}

/// What lies under a key.
#[derive(Debug)]
enum Node {
    Text(String),
    Array(Array),
}

/// A key: PHP turns texts that are whole numbers into numbers. In order, so that a list can be read off.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(Box<str>),
}

impl Array {
    /// Puts a value where its name says, in the place of what was there. Tells how many arrays that made.
    pub(super) fn assign(&mut self, name: Name<'_>, value: String) -> usize {
        let mut made = 0;
        let mut array = self;
        let mut key = Some(Key::new(&name.head));
        for next in name.keys {
            let Some(node) = array.place(key) else {
                return made;
            };
            if let Node::Text(_) = node {
                *node = Node::Array(Self::default());
                made += 1;
            }
            // Always an array by the lines above.
            let Node::Array(inner) = node else { return made };
            array = inner;
            key = next.map(Key::new);
        }
        if let Some(node) = array.place(key) {
            *node = Node::Text(value);
        }
        made
    }

    /// The place of a key, or a new one at the end; `None` when there is no number left for that.
    fn place(&mut self, key: Option<Key>) -> Option<&mut Node> {
        let key = match key {
            Some(key) => key,
            None if self.is_full => return None,
            None => Key::Number(self.next),
        };
        if !self.items.contains_key(&key) {
            let position = i64::try_from(self.items.len()).unwrap_or(i64::MAX);
            self.is_map |= key != Key::Number(position);
            if let Key::Number(number) = key {
                self.next = self.next.max(number.saturating_add(1));
                self.is_full |= number == i64::MAX;
            }
        }
        Some(self.items.entry(key).or_insert_with(|| Node::Text(String::new())))
    }

    /// The whole form: an object even when its names are numbers.
    pub(super) fn into_object(self) -> Map<String, Value> {
        self.items.into_iter().map(|(key, node)| (key.into_text(), node.into_value())).collect()
    }
}

impl Node {
    /// Recursive; a name has no more brackets than its reader lets through.
    fn into_value(self) -> Value {
        match self {
            Self::Text(text) => Value::String(text),
            Self::Array(array) if array.is_map => Value::Object(array.into_object()),
            Self::Array(array) => Value::Array(array.items.into_values().map(Self::into_value).collect()),
        }
    }
}

impl Key {
    /// A number when it is written as PHP writes it: `5` and `-5`, and not `05`, `+5` or `-0`.
    ///
    /// <https://www.php.net/manual/en/language.types.array.php>
    fn new(text: &str) -> Self {
        // The longest is "-9223372036854775807".
        let number = if text.len() > 20 { None } else { text.parse::<i64>().ok() };
        match number {
            Some(number) if number != i64::MIN && number.to_string() == text => Self::Number(number),
            _ => Self::Text(text.into()),
        }
    }

    fn into_text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.into(),
        }
    }
}
