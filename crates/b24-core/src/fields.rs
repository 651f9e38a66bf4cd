//! The fields of a record that is added or changed.

use std::fmt;

use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeMap},
};
use serde_json::value::{RawValue, to_raw_value};

use crate::redact;

/// Fields and their values in the order they were set: parameters without `json!`.
///
/// Nothing stands for "leave it alone" but absence: a field that is set is written, and one that is
/// [`clear`](Self::clear)ed is emptied. `Debug` shows the values redacted.
///
/// ```
/// use b24_core::{DateTime, Fields, MultiField, Params};
///
/// let note: Option<&str> = None;
/// let fields = Fields::new()
///     .set("TITLE", "Acme")
///     .set("BEGINDATE", DateTime::new(1_787_219_542, 180)?)
///     .flag("OPENED", true)
///     .set_opt("COMMENTS", note)
///     .clear("SOURCE_ID")
///     .set("PHONE", MultiField::new().add("+1 555 0100", "WORK"));
/// let params = Params::object(&fields.wrapped().set("id", 7))?;
/// assert_eq!(
///     params.as_bytes(),
///     concat!(
///         r#"{"fields":{"TITLE":"Acme","BEGINDATE":"2026-08-20T12:52:22+03:00","OPENED":"Y","SOURCE_ID":"","#,
///         r#""PHONE":[{"VALUE":"+1 555 0100","VALUE_TYPE":"WORK"}]},"id":7}"#
///     )
/// );
/// # Ok::<(), b24_core::Error>(())
/// ```
///
/// # Errors
/// A value that cannot be written as JSON comes out as
/// [`SdkCode::InvalidParams`](crate::SdkCode::InvalidParams) when the call is sent.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/data-types.html>
#[derive(Clone, Default)]
pub struct Fields {
    entries: Vec<(String, Box<RawValue>)>,
    /// The first value that could not be written.
    broken: Option<String>,
}

impl Fields {
    /// No fields yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `value`: text, a number, a list, a [`DateTime`](crate::DateTime), a
    /// [`MultiField`](crate::MultiField), other `Fields`. A field that is set twice keeps its place and takes the last
    /// value.
    ///
    /// A number that is not finite becomes `null`, as everywhere in JSON.
    #[must_use]
    pub fn set<T: Serialize>(mut self, field: impl Into<String>, value: T) -> Self {
        let field = field.into();
        match to_raw_value(&value) {
            Ok(value) => match self.entries.iter_mut().find(|(known, _)| *known == field) {
                Some((_, known)) => *known = value,
                None => self.entries.push((field, value)),
            },
            Err(_) => self.broken = self.broken.or(Some(field)),
        }
        self
    }

    /// Writes a value that is there, and leaves the field alone otherwise.
    #[must_use]
    pub fn set_opt<T: Serialize>(self, field: impl Into<String>, value: Option<T>) -> Self {
        match value {
            Some(value) => self.set(field, value),
            None => self,
        }
    }

    /// Writes a boolean as `Y` or `N`, as most fields of v2 have it. Fields of v3 take `set` with a `bool`.
    #[must_use]
    pub fn flag(self, field: impl Into<String>, yes: bool) -> Self {
        self.set(field, if yes { "Y" } else { "N" })
    }

    /// Empties a field of v2 that holds one value, by writing `""`: the form of "nothing" that v2 handlers tell from a
    /// parameter that was not given.
    #[must_use]
    pub fn clear(self, field: impl Into<String>) -> Self {
        self.set(field, "")
    }

    /// Empties a field that holds several values, by writing `[]`. It travels in a single call only: the commands of a v2
    /// batch cannot say it.
    #[must_use]
    pub fn clear_list(self, field: impl Into<String>) -> Self {
        self.set(field, [(); 0])
    }

    /// Writes `null`: how a field of v3 is emptied.
    #[must_use]
    pub fn null(self, field: impl Into<String>) -> Self {
        self.set(field, ())
    }

    /// Puts all of it under the key `fields`, where the methods that add and update look for it.
    #[must_use]
    pub fn wrapped(self) -> Self {
        Self::new().set("fields", self)
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.broken.is_none()
    }
}

impl Serialize for Fields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(field) = &self.broken {
            return Err(S::Error::custom(format_args!("the field `{field}` cannot be written as JSON")));
        }
        let mut map = serializer.serialize_map(Some(self.entries.len()))?;
        for (field, value) in &self.entries {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_vec(self) {
            Ok(json) => f.write_str(&redact::json(&json)),
            Err(error) => write!(f, "Fields({error})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::Params;

    fn json(fields: &Fields) -> String {
        serde_json::to_string(fields).unwrap()
    }

    #[test]
    fn fields_keep_their_order_and_the_last_value_wins() {
        let fields = Fields::new().set("Z", 1).set("A", [1, 2]).set("Z", "x");
        assert_eq!(json(&fields), r#"{"Z":"x","A":[1,2]}"#);
    }

    #[test]
    fn emptying_differs_from_leaving_alone() {
        let fields = Fields::new().clear("A").clear_list("B").null("C").set_opt("D", None::<u8>).set_opt("E", Some(0));
        assert_eq!(json(&fields), r#"{"A":"","B":[],"C":null,"E":0}"#);
    }

    #[test]
    fn they_can_be_wrapped_and_have_company() {
        let params = Fields::new().set("title", "x").wrapped().set("entityTypeId", 2);
        assert_eq!(json(&params), r#"{"fields":{"title":"x"},"entityTypeId":2}"#);
        assert!(Fields::new().is_empty() && !params.is_empty());
    }

    #[test]
    fn what_cannot_be_written_is_refused_when_it_is_sent() {
        let keyed_by_a_list = HashMap::from([(vec![1], 1)]);
        let fields = Fields::new().set("BAD", keyed_by_a_list).set("GOOD", 1).wrapped();
        let error = Params::object(&fields).unwrap_err();
        assert_eq!(error.code(), "INVALID_PARAMS");
    }

    #[test]
    fn debug_hides_secrets() {
        let fields = Fields::new().set("ID", 7).set("PASSWORD", "s3cr3t");
        assert_eq!(format!("{fields:?}"), r#"{"ID":7,"PASSWORD":"***"}"#);
    }
}
