//! Which functions of which fields.

use std::{collections::HashSet, fmt};

use b24_core::{Error, Fields, SdkCode, error::Unreadable};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Function {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    CountDistinct,
}

impl Function {
    const ALL: [Self; 6] = [Self::Sum, Self::Avg, Self::Min, Self::Max, Self::Count, Self::CountDistinct];

    fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::CountDistinct => "countDistinct",
        }
    }

    fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.as_str() == name)
    }
}

/// A selection under construction, in the order in which its functions were first named.
#[derive(Debug, Default)]
pub(super) struct Select(Vec<(Function, Vec<Field>)>);

#[derive(Debug)]
struct Field {
    name: String,
    alias: Option<String>,
}

impl Select {
    pub(super) fn add(&mut self, function: Function, name: &str, alias: Option<&str>) {
        let field = Field { name: name.to_owned(), alias: alias.map(str::to_owned) };
        match self.0.iter_mut().find(|(known, _)| *known == function) {
            Some((_, fields)) => fields.push(field),
            None => self.0.push((function, vec![field])),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The form of the wire; [`check`] has the last word on it.
    pub(super) fn into_json(self) -> Result<Box<RawValue>, Error> {
        let mut json = Fields::new();
        for (function, fields) in self.0 {
            let mut names = HashSet::new();
            if !fields.iter().all(|field| names.insert(&field.name)) {
                // An object holds a field once, and a list would bring nothing more for the second.
                return Err(refuse(function.as_str(), "a field stands twice"));
            }
            json = if fields.iter().any(|field| field.alias.is_some()) {
                let own = |map: Fields, Field { name, alias }: Field| {
                    let alias = alias.unwrap_or_else(|| name.clone());
                    map.set(name, alias)
                };
                json.set(function.as_str(), fields.into_iter().fold(Fields::new(), own))
            } else {
                let names: Vec<_> = fields.into_iter().map(|field| field.name).collect();
                json.set(function.as_str(), names)
            };
        }
        to_raw_value(&json).map_err(|_| refuse("select", "it cannot be written as JSON"))
    }
}

/// Checks a selection in the form of the wire. Its bytes stay as they are.
pub(super) fn check(select: &RawValue) -> Result<(), Error> {
    let functions: Value = serde_json::from_str(select.get())
        .map_err(|source| refuse("select", "it cannot be read as JSON").with_source(Unreadable::new(&source)))?;
    match functions.as_object() {
        None => Err(refuse("select", "expected an object of functions and their fields")),
        Some(functions) if functions.is_empty() => Err(refuse("select", "nothing is selected")),
        Some(functions) => functions.iter().try_for_each(|(name, fields)| match Function::read(name) {
            None => Err(refuse("select", "a function is none of sum avg min max count countDistinct")),
            Some(function) => problem(fields).map_or(Ok(()), |problem| Err(refuse(function.as_str(), problem))),
        }),
    }
}

/// What is wrong with the fields of one function.
fn problem(fields: &Value) -> Option<&'static str> {
    let named = |name: &Value| name.as_str().is_some_and(is_name);
    match fields {
        Value::Array(names) if names.is_empty() => Some(NO_FIELDS),
        Value::Array(names) if names.iter().all(named) => None,
        Value::Object(aliases) if aliases.is_empty() => Some(NO_FIELDS),
        Value::Object(aliases) if !aliases.iter().all(|(name, alias)| is_name(name) && named(alias)) => Some(NO_NAME),
        Value::Object(aliases) => {
            let mut taken = HashSet::new();
            let free = aliases.values().filter_map(Value::as_str).all(|alias| taken.insert(alias));
            (!free).then_some("two fields have one alias")
        }
        Value::Array(_) => Some(NO_NAME),
        _ => Some("expected a list of fields, or an object of fields and aliases"),
    }
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty()
}

pub(super) fn refuse(place: impl fmt::Display, problem: &str) -> Error {
    Error::usage(SdkCode::InvalidAggregate, format!("{place}: {problem}"))
}

const NO_FIELDS: &str = "it has no fields";
const NO_NAME: &str = "the name of a field or an alias is empty or no text";

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(select: &str) -> Result<(), Error> {
        check(serde_json::from_str(select).unwrap())
    }

    #[test]
    fn both_forms_pass() {
        for good in [
            r#"{"sum":["amount"]}"#,
            r#"{"sum":["amount","tax"],"countDistinct":{"userId":"users"}}"#,
            r#"{"min":{"a":"least"},"max":["a"],"avg":["a"],"count":["id"]}"#,
        ] {
            assert!(checked(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for (bad, want) in [
            ("null", "select: expected an object"),
            (r#"["sum"]"#, "select: expected an object"),
            ("{}", "select: nothing is selected"),
            (r#"{"median":["a"]}"#, "select: a function is none of"),
            (r#"{"SUM":["a"]}"#, "select: a function is none of"),
            (r#"{"sum":[]}"#, "sum: it has no fields"),
            (r#"{"sum":{}}"#, "sum: it has no fields"),
            (r#"{"sum":"a"}"#, "sum: expected a list of fields"),
            (r#"{"sum":null}"#, "sum: expected a list of fields"),
            (r#"{"sum":["a",""]}"#, "sum: the name of a field"),
            (r#"{"sum":["a",1]}"#, "sum: the name of a field"),
            (r#"{"sum":{"a":""}}"#, "sum: the name of a field"),
            (r#"{"sum":{"":"a"}}"#, "sum: the name of a field"),
            (r#"{"sum":{"a":["x"]}}"#, "sum: the name of a field"),
            (r#"{"countDistinct":{"a":"x","b":"x"}}"#, "countDistinct: two fields have one alias"),
        ] {
            let error = checked(bad).unwrap_err();
            assert_eq!((error.code(), error.may_have_run()), ("INVALID_AGGREGATE", false), "{bad}");
            assert!(error.message().starts_with(want), "{bad}: {error}");
        }
    }
}
