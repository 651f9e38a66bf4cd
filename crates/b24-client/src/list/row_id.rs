//! The id of a row, in the form in which ids are cheap to compare.

use std::cmp::Ordering;

use b24_core::Cursor;
use serde_json::value::RawValue;

/// The id of a row; most are small whole numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum RowId {
    /// Not there, or nothing that can be an id.
    #[default]
    Missing,
    /// A whole number.
    Number(u64),
    /// A whole number, written as text.
    Digits(u64),
    /// Anything else: text, or a number that is negative or longer.
    Other(Cursor),
}

impl RowId {
    pub(super) fn from_text(text: &str) -> Self {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        match text.parse() {
            Ok(number) if plain => Self::Digits(number),
            _ if text.is_empty() => Self::Missing,
            _ => Self::Other(Cursor::from(text)),
        }
    }

    /// From JSON, with all digits.
    pub(super) fn from_raw(raw: &RawValue) -> Self {
        let Some(cursor) = Cursor::read(raw) else { return Self::Missing };
        match serde_json::from_str::<String>(cursor.as_json()) {
            Ok(text) => Self::from_text(&text),
            Err(_) => Self::from(&cursor),
        }
    }

    pub(super) fn from_signed(number: i64) -> Self {
        u64::try_from(number).map_or_else(|_| Self::Other(Cursor::from(number)), Self::Number)
    }

    pub(super) fn cursor(&self) -> Option<Cursor> {
        match self {
            Self::Missing => None,
            Self::Number(number) => Some(Cursor::from(*number)),
            Self::Digits(number) => Some(Cursor::from(&*number.to_string())),
            Self::Other(cursor) => Some(cursor.clone()),
        }
    }

    /// How it stands to another one, where that can be told.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        if let (Some(mine), Some(yours)) = (self.number(), other.number()) {
            return Some(mine.cmp(&yours));
        }
        let (mine, yours) = (self.cursor()?, other.cursor()?);
        if mine == yours { Some(Ordering::Equal) } else { mine.compare(&yours) }
    }

    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) | Self::Digits(number) => Some(*number),
            Self::Missing | Self::Other(_) => None,
        }
    }
}

impl From<&Cursor> for RowId {
    fn from(cursor: &Cursor) -> Self {
        match cursor.as_json().parse() {
            Ok(number) => Self::Number(number),
            Err(_) => Self::Other(cursor.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_is_what_the_portal_wrote() {
        for (id, want) in [
            (RowId::Number(7), Some("7")),
            (RowId::from_text("7"), Some("\"7\"")),
            (RowId::from_text("007"), Some("\"007\"")),
            (RowId::from_text("9007199254740993"), Some("\"9007199254740993\"")),
            (RowId::from_text("123456789012345678901234567890"), Some("\"123456789012345678901234567890\"")),
            (RowId::from_text("T_7"), Some("\"T_7\"")),
            (RowId::from_signed(-7), Some("-7")),
            (RowId::from_text(""), None),
        ] {
            assert_eq!(id.cursor().as_ref().map(Cursor::as_json), want);
        }
    }

    #[test]
    fn numbers_compare_by_value_in_any_form() {
        let long = RowId::from_text("123456789012345678901234567890");
        assert_eq!(RowId::Number(7).compare(&RowId::Digits(50)), Some(Ordering::Less));
        assert_eq!(long.compare(&RowId::Number(50)), Some(Ordering::Greater));
        assert_eq!(RowId::from_text("a").compare(&RowId::from_text("a")), Some(Ordering::Equal));
        assert_eq!(RowId::from_text("a").compare(&RowId::from_text("b")), None);
        assert_eq!(RowId::Missing.compare(&RowId::Number(1)), None);
    }
}
