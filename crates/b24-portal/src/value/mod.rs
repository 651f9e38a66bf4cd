//! The portal's values: everything PHP knows, with its one kind of array.
//!
//! A real portal is PHP, and every reply passes through PHP's array encoding: an empty array is `[]`,
//! keys `0..n` without gaps are a list, anything else is an object. That rule lives here and nowhere else.

mod array;
mod json;

use std::borrow::Cow;

pub(crate) use array::{Array, Key};
pub(crate) use json::{from_slice, to_bytes};

/// Text that is either part of the program or made for a reply.
pub(crate) type Text = Cow<'static, str>;

/// One PHP value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Text),
    Array(Array),
}

impl Value {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Str(Cow::Owned(text.into()))
    }

    pub(crate) fn empty() -> Self {
        Self::Array(Array::new())
    }

    pub(crate) fn as_array(&self) -> Option<&Array> {
        match self {
            Self::Array(array) => Some(array),
            _ => None,
        }
    }

    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether this is a scalar that holds something: not null, not `""`, not an array.
    pub(crate) fn is_filled_scalar(&self) -> bool {
        match self {
            Self::Null | Self::Array(_) => false,
            Self::Str(text) => !text.is_empty(),
            _ => true,
        }
    }

    /// PHP's `if ($value)`.
    pub(crate) fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            // The text "false" is true: https://www.php.net/manual/en/language.types.boolean.php
            Self::Str(text) => !text.is_empty() && text != "0",
            Self::Array(array) => !array.is_empty(),
        }
    }

    /// PHP's `(string)$value`, or nothing for an array, which has no useful text.
    pub(crate) fn to_text(&self) -> Option<Text> {
        Some(match self {
            Self::Null | Self::Bool(false) => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("1"),
            Self::Int(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(json::float_text(*number)),
            Self::Str(text) => text.clone(),
            Self::Array(_) => return None,
        })
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Float(number)
    }
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Str(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(Cow::Owned(text))
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Self::Str(text)
    }
}

impl From<Array> for Value {
    fn from(array: Array) -> Self {
        Self::Array(array)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Builds an [`Array`] with text keys: `map! { "id" => 1, "title" => "x" }`.
macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => {{
        #[allow(unused_mut, reason = "an empty map is never changed")]
        let mut array = $crate::value::Array::new();
        $(array.set($key, $value);)*
        array
    }};
}
pub(crate) use map;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_false_is_true_and_zero_is_false() {
        for (value, want) in [
            (Value::from("false"), true),
            (Value::from("0"), false),
            (Value::from("0.0"), true),
            (Value::from(""), false),
            (Value::Int(0), false),
            (Value::empty(), false),
            (Value::from(vec![0_i64]), true),
        ] {
            assert_eq!(value.is_truthy(), want, "{value:?}");
        }
    }
}
