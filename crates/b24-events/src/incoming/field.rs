//! Values as they come: texts from forms, and what JSON makes of them.

use std::{
    borrow::Cow,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use b24_core::{Error, error::Unreadable};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{DecodeError, DecodeErrorKind};

/// No name that a portal or an application gives is longer, in bytes.
const LONGEST_NAME: usize = 255;

/// A text, or a number or boolean as text; `None` for what is empty or anything else.
pub(super) fn text(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.into()),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(yes) => Some(yes.to_string().into()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The same of what is owned.
pub(super) fn into_text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.is_empty()).then_some(text),
        other => text(&other).map(Cow::into_owned),
    }
}

/// A whole number, or the text of one.
pub(super) fn number(value: &Value) -> Option<u64> {
    text(value)?.trim().parse().ok()
}

/// A yes or no in one of its spellings.
pub(super) fn flag(value: &Value) -> Option<bool> {
    b24_core::de::flag_or_none(value).ok()?
}

/// A time in whole seconds since 1970.
pub(super) fn time(value: &Value) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(number(value)?))
}

/// A name, of which logs and handlers are made: a text of a sane length without control characters.
pub(super) fn name(value: &Value, field: &'static str) -> Result<String, DecodeError> {
    text(value)
        .filter(|name| name.len() <= LONGEST_NAME && !name.contains(char::is_control))
        .map(Cow::into_owned)
        .ok_or_else(|| DecodeErrorKind::Missing { field }.into())
}

/// The same of a field.
pub(super) fn name_of(fields: &Map<String, Value>, field: &'static str) -> Result<String, DecodeError> {
    name(fields.get(field).unwrap_or(&Value::Null), field)
}

/// Takes an array out; an object without entries where there is none: PHP does not send what is empty.
pub(super) fn take_array(fields: &mut Map<String, Value>, field: &str) -> Value {
    fields.remove(field).filter(|value| value.is_object() || value.is_array()).unwrap_or_else(|| Map::new().into())
}

/// Reads a value into the caller's type. The error names the place, and nothing of what is there.
pub(super) fn read<T: DeserializeOwned>(what: &str, value: &Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let text = match error.path().to_string() {
            path if path == "." => format!("{what} do not fit the type they are read into"),
            path => format!("{what} do not fit the type they are read into at `{path}`"),
        };
        Error::decode(text).with_source(Unreadable::new(error.inner()))
    })
}
