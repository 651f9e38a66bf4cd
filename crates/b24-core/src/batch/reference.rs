//! A value that the portal takes from the answer of an earlier command of the same batch.

use serde::{Deserialize, Serialize};

use super::Key;
use crate::{Error, SdkCode};

/// A value that the portal takes from the answer of an earlier command of the same batch; written into parameters like
/// any other value.
///
/// A reference is a value of its own kind, so that text of a user never becomes one. Whether it leads to an earlier
/// command of the batch is checked before sending. What it leads to there, only the portal knows: v2 follows a path as
/// far as it goes and takes what it finds, so a missing field yields the whole record; v3 refuses the batch.
///
/// ```
/// use b24_core::batch::{Command, Reference};
/// use serde_json::json;
///
/// let deal = Command::new("crm.deal.get").params(json!({ "id": 5 })).label("deal");
/// let company = Reference::new("deal").field("COMPANY_ID");
/// let read = Command::new("crm.company.get").params(json!({ "id": company })).label("company");
/// # let _ = (deal, read);
/// ```
///
/// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    key: Key,
    what: What,
    path: Vec<Box<str>>,
}

/// Which part of an answer a reference takes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum What {
    Result,
    Next,
    Total,
    Column,
}

impl Reference {
    /// The result of a command: by its label, or by its place in a batch without labels.
    #[must_use]
    pub fn new(command: impl Into<Key>) -> Self {
        Self { key: command.into(), what: What::Result, path: Vec::new() }
    }

    /// v2: the `next` of a command that lists.
    #[must_use]
    pub fn next(command: impl Into<Key>) -> Self {
        Self { what: What::Next, ..Self::new(command) }
    }

    /// v2: the `total` of a command that lists.
    #[must_use]
    pub fn total(command: impl Into<Key>) -> Self {
        Self { what: What::Total, ..Self::new(command) }
    }

    /// v3: one field of all rows of a command that lists, as a list (`$refArray`).
    #[must_use]
    pub fn column(command: impl Into<Key>, field: &str) -> Self {
        Self { what: What::Column, ..Self::new(command) }.field(field)
    }

    /// A field of it. On v3 the fields are those of the `item`, without naming it: `id`, not `item.id`.
    #[must_use]
    pub fn field(mut self, name: &str) -> Self {
        self.path.push(name.into());
        self
    }

    /// A row of it, from 0.
    #[must_use]
    pub fn row(mut self, index: usize) -> Self {
        self.path.push(index.to_string().into());
        self
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// As text of v2: `$result[deal][COMPANY_ID]`.
    pub(super) fn to_v2(&self) -> Result<String, Error> {
        let root = match self.what {
            What::Result => "$result",
            What::Next => "$next",
            What::Total => "$total",
            What::Column => return Err(refused("only v3 collects a column")),
        };
        let mut text = format!("{root}[{}]", self.key);
        for part in &self.path {
            text.push('[');
            text.push_str(part);
            text.push(']');
        }
        let key = self.key.to_string();
        let parts = std::iter::once(&*key).chain(self.path.iter().map(|part| &**part));
        if parts.clone().any(|part| part.is_empty() || part.contains(|c: char| "[]".contains(c) || c.is_whitespace())) {
            return Err(refused("the label or a field in it is empty or holds a bracket or a space"));
        }
        Ok(text)
    }

    /// As the value of v3: the key (`$ref` or `$refArray`) and its path.
    pub(super) fn to_v3(&self) -> Result<(&'static str, String), Error> {
        let kind = match self.what {
            What::Result => REF,
            What::Column => REF_ARRAY,
            What::Next | What::Total => return Err(refused("v3 answers neither `next` nor `total`")),
        };
        let key = self.key.to_string();
        let parts: Vec<&str> = std::iter::once(&*key).chain(self.path.iter().map(|part| &**part)).collect();
        if parts.iter().any(|part| part.is_empty() || part.contains('.')) {
            return Err(refused("the label or a field in it is empty or holds a dot"));
        }
        Ok((kind, parts.join(".")))
    }

    /// Reads the text of v2 when it is a reference as a whole.
    pub(super) fn parse_v2(text: &str) -> Option<Self> {
        let bracket = text.find('[')?;
        let what = match &text[..bracket] {
            "$result" => What::Result,
            "$next" => What::Next,
            "$total" => What::Total,
            _ => return None,
        };
        let inner = text[bracket..].strip_prefix('[')?.strip_suffix(']')?;
        let mut parts = inner.split("][").map(Box::<str>::from);
        let key = parts.next()?;
        let key = key.parse().map_or_else(|_| Key::Label(key.clone()), Key::Index);
        let reference = Self { key, what, path: parts.collect() };
        reference.to_v2().is_ok_and(|same| same == text).then_some(reference)
    }

    /// Reads the path of a `$ref` or `$refArray` of v3.
    pub(super) fn parse_v3(kind: &str, path: &str) -> Option<Self> {
        let mut parts = path.split('.').map(Box::<str>::from);
        let key = parts.next()?;
        let key = key.parse().map_or_else(|_| Key::Label(key.clone()), Key::Index);
        let what = if kind == REF_ARRAY { What::Column } else { What::Result };
        let reference = Self { key, what, path: parts.collect() };
        let long_enough = what == What::Result || !reference.path.is_empty();
        (long_enough && reference.to_v3().is_ok_and(|(_, same)| same == path)).then_some(reference)
    }
}

/// What a reference looks like in parameters until the batch is written: an object with one key that no method has.
#[derive(Serialize, Deserialize)]
struct Marked<T> {
    #[serde(rename = "$b24.reference")]
    marked: T,
}

#[derive(Serialize, Deserialize)]
struct Parts {
    index: Option<usize>,
    label: Option<Box<str>>,
    what: What,
    path: Vec<Box<str>>,
}

impl Serialize for Reference {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (index, label) = match &self.key {
            Key::Index(index) => (Some(*index), None),
            Key::Label(label) => (None, Some(label.clone())),
        };
        Marked { marked: Parts { index, label, what: self.what, path: self.path.clone() } }.serialize(serializer)
    }
}

/// Reads what [`Reference`] wrote into parameters.
pub(super) fn unmark(json: &str) -> Option<Reference> {
    let Marked { marked: Parts { index, label, what, path } } = serde_json::from_str(json).ok()?;
    let key = label.map(Key::Label).or(index.map(Key::Index))?;
    Some(Reference { key, what, path })
}

pub(super) fn refused(why: &str) -> Error {
    Error::usage(SdkCode::InvalidBatchRef, format!("a reference of the batch cannot be written: {why}"))
}

pub(super) const MARK: &str = "$b24.reference";
pub(super) const REF: &str = "$ref";
pub(super) const REF_ARRAY: &str = "$refArray";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_written_for_each_generation() {
        let company = Reference::new("deal").field("COMPANY_ID");
        assert_eq!(company.to_v2().unwrap(), "$result[deal][COMPANY_ID]");
        assert_eq!(company.to_v3().unwrap(), ("$ref", "deal.COMPANY_ID".to_owned()));
        assert_eq!(Reference::new(0).field("items").row(3).field("id").to_v2().unwrap(), "$result[0][items][3][id]");
        assert_eq!(Reference::next("l").to_v2().unwrap(), "$next[l]");
        assert_eq!(Reference::total("l").to_v2().unwrap(), "$total[l]");
        assert_eq!(Reference::column(0, "id").to_v3().unwrap(), ("$refArray", "0.id".to_owned()));
    }

    #[test]
    fn what_the_portal_would_read_differently_is_refused() {
        for bad in ["", "a]", "a[", "a b", "a\n"] {
            assert_eq!(Reference::new("x").field(bad).to_v2().unwrap_err().code(), "INVALID_BATCH_REF", "{bad:?}");
            assert!(Reference::new(bad).to_v2().is_err(), "{bad:?}");
        }
        assert!(Reference::new("x").field("a.b").to_v3().is_err());
        assert!(Reference::column("x", "id").to_v2().is_err());
        assert!(Reference::next("x").to_v3().is_err());
    }

    #[test]
    fn the_texts_of_v2_and_v3_are_read_back() {
        for text in ["$result[a]", "$result[0][ID]", "$next[a]", "$total[a]"] {
            assert_eq!(Reference::parse_v2(text).unwrap().to_v2().unwrap(), text);
        }
        for text in ["$result", "$result[]", "$result[a", "$result[a]x", "x$result[a]", "$Result[a]", "$result[a] [b]"]
        {
            assert!(Reference::parse_v2(text).is_none(), "{text}");
        }
        assert_eq!(Reference::parse_v3(REF, "t.id").unwrap(), Reference::new("t").field("id"));
        assert_eq!(Reference::parse_v3(REF, "0").unwrap(), Reference::new(0));
        for (kind, path) in [(REF, ""), (REF, "."), (REF, "t."), (REF_ARRAY, "t")] {
            assert!(Reference::parse_v3(kind, path).is_none(), "{kind} {path}");
        }
    }

    #[test]
    fn parameters_carry_a_reference() {
        let reference = Reference::new("deal").row(0).field("ID");
        let json = serde_json::to_string(&reference).unwrap();
        assert!(json.contains(MARK));
        assert_eq!(unmark(&json).unwrap(), reference);
        assert_eq!(unmark(&serde_json::to_string(&Reference::new(7)).unwrap()).unwrap(), Reference::new(7));
        assert!(unmark(r#"{"$ref":"a"}"#).is_none());
    }
}
