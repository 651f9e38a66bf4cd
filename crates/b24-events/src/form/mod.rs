//! `application/x-www-form-urlencoded` with PHP's brackets, as PHP's `parse_str` reads it.
//!
//! A portal writes its forms with PHP, so PHP's reading is the right one:
//! <https://www.php.net/manual/en/function.parse-str.php>

mod array;
mod name;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use self::{array::Array, name::Name};

/// How many fields a body may have. PHP stops at 1,000 (`max_input_vars`), and portals send more than that.
pub(crate) const MAX_FIELDS: usize = 10_000;

/// How many arrays these fields may make: each costs some hundred bytes, and two bytes of a body ask for one.
pub(crate) const MAX_ARRAYS: usize = 10_000;

/// How many brackets a name may have. PHP takes 64 (`max_input_nesting_level`); no portal sends more than ten.
pub(crate) const MAX_DEPTH: usize = 32;

/// Why a form was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FormError {
    /// A name has more than [`MAX_DEPTH`] brackets.
    TooDeep,
    /// More than [`MAX_FIELDS`] fields, or more than [`MAX_ARRAYS`] arrays.
    TooMany,
}

/// Reads a form. An array with the keys 0, 1, 2 and so on, in this order, is a list, any other an object; all else is text.
///
/// Whatever the body is, this takes time and memory in proportion to its length, and stops at the limits.
pub(crate) fn parse(body: &[u8]) -> Result<Map<String, Value>, FormError> {
    let mut root = Array::default();
    let (mut fields, mut arrays) = (0, 0);
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        fields += 1;
        if fields > MAX_FIELDS {
            return Err(FormError::TooMany);
        }
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let name = decode(halves.next().unwrap_or_default());
        let value = decode(halves.next().unwrap_or_default());
        if let Some(name) = Name::parse(&name)? {
            arrays += root.assign(name, value);
            if arrays > MAX_ARRAYS {
                return Err(FormError::TooMany);
            }
        }
    }
    Ok(root.into_object())
}

/// `+` is a space and `%XX` a byte; a broken escape stays as it is, and what is no UTF-8 is replaced.
fn decode(text: &[u8]) -> String {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect()
    } else {
        text.into()
    };
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}
