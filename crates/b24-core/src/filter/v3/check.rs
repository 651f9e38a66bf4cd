//! Filters that come as JSON.

use serde_json::{Map, Value, value::RawValue};

use super::operator::{Logic, Operator};
use crate::{
    Error, SdkCode,
    error::Unreadable,
    filter::{
        place::Place,
        rules::{self, Shape, Takes},
    },
};

/// Checks a v3 filter that comes as JSON, down to its last condition. The filter is only read: its bytes stay as they are.
///
/// Besides the triples it takes what portals take: `[field, value]` for equality, `[field, [values]]` for one of them,
/// operators and logic in any case, a group without `logic` (then it is `and`), and `null` for no filter at all.
///
/// Where this is stricter than a portal, a slip would change what a filter means without a word: a group may have no
/// keys but `logic`, `conditions` and `negative`, and the last is a boolean, 1 or 0.
///
/// # Errors
/// [`SdkCode::InvalidFilter`] with the place, such as `filter[1].conditions[0]`; the map form of v2 is refused too.
///
/// # Examples
/// ```
/// use b24_core::filter::v3;
/// use serde_json::value::RawValue;
///
/// let filter: &RawValue = serde_json::from_str(r#"[["id", ">", 5]]"#)?;
/// assert!(v3::check(filter).is_ok());
///
/// let of_v2: &RawValue = serde_json::from_str(r#"{">id": 5}"#)?;
/// assert_eq!(v3::check(of_v2).unwrap_err().code(), "INVALID_FILTER");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Source: <https://apidocs.bitrix24.com/api-reference/rest-v3/index.html>
pub fn check(filter: &RawValue) -> Result<(), Error> {
    let mut place = Place::default();
    match read(filter)? {
        Value::Null => Ok(()),
        Value::Array(conditions) => place.each(&conditions, check_one),
        Value::Object(group) if group.contains_key(CONDITIONS) => {
            Err(place.refuse("expected a list of conditions; put the group into a list"))
        }
        Value::Object(_) => Err(place.refuse("expected a list of conditions; the map form belongs to v2")),
        _ => Err(place.refuse("expected a list of conditions")),
    }
}

/// Whether a v3 filter names `field` in one of its conditions, at any depth of its groups.
///
/// `false` also for what is no filter; ask [`check`] first. A tail may not filter by the field of its cursor, and a list
/// that walks by id has a condition on it of its own.
///
/// ```
/// use b24_core::filter::v3;
/// use serde_json::value::RawValue;
///
/// let filter: &RawValue = serde_json::from_str(r#"[{"logic":"or","conditions":[["id",">",5]]}]"#)?;
/// assert!(v3::mentions(filter, "id"));
/// assert!(!v3::mentions(filter, "title"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[must_use]
pub fn mentions(filter: &RawValue, field: &str) -> bool {
    read(filter).is_ok_and(|filter| any_names(&filter, field))
}

fn read(filter: &RawValue) -> Result<Value, Error> {
    serde_json::from_str(filter.get()).map_err(|source| {
        Error::usage(SdkCode::InvalidFilter, "filter: it cannot be read as JSON").with_source(Unreadable::new(&source))
    })
}

fn check_one(condition: &Value, place: &mut Place) -> Result<(), Error> {
    match condition {
        Value::Array(parts) => place.unless(leaf_problem(parts)),
        Value::Object(group) => check_group(group, place),
        _ => Err(place.refuse(NO_CONDITION)),
    }
}

fn leaf_problem(parts: &[Value]) -> Option<&'static str> {
    let (field, takes, operand) = match parts {
        [field, values @ Value::Array(_)] => (field, Takes::Values, values),
        [field, value] => (field, Takes::Value, value),
        [field, operator, operand] => match operator.as_str().and_then(Operator::read) {
            Some(operator) => (field, operator.takes(), operand),
            None => return Some("the operator is none of = != > >= < <= in between"),
        },
        _ => return Some(NO_CONDITION),
    };
    let Some(field) = field.as_str() else { return Some(NO_CONDITION) };
    rules::field_problem(field).or_else(|| rules::operand_problem(takes, &operand.into()))
}

fn check_group(group: &Map<String, Value>, place: &mut Place) -> Result<(), Error> {
    let conditions = match group.get(CONDITIONS) {
        Some(Value::Array(conditions)) if conditions.is_empty() => {
            return Err(place.refuse("the group has no conditions"));
        }
        Some(Value::Array(conditions)) => conditions,
        Some(_) => return Err(place.refuse("the `conditions` of the group are no list")),
        None => return Err(place.refuse(NO_CONDITION)),
    };
    for (key, value) in group {
        let known = match key.as_str() {
            CONDITIONS => true,
            "logic" => value.as_str().is_some_and(|text| Logic::read(text).is_some()),
            "negative" => value.is_boolean() || matches!(value.as_u64(), Some(0 | 1)),
            _ => return Err(place.refuse("the group has a key besides `logic`, `conditions` and `negative`")),
        };
        if !known {
            return Err(place.refuse(format_args!("the group's `{key}` has a value that it cannot have")));
        }
    }
    place.each(conditions, check_one)
}

fn any_names(filter: &Value, field: &str) -> bool {
    filter.as_array().is_some_and(|conditions| {
        conditions.iter().any(|condition| match condition {
            Value::Array(leaf) => leaf.first().and_then(Value::as_str) == Some(field),
            Value::Object(group) => group.get(CONDITIONS).is_some_and(|nested| any_names(nested, field)),
            _ => false,
        })
    })
}

impl From<&Value> for Shape {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => Self::Scalar,
            Value::Array(values) => Self::List(values.iter().map(Into::into).collect()),
            Value::Object(_) => Self::Object,
        }
    }
}

const CONDITIONS: &str = "conditions";
const NO_CONDITION: &str = "expected a condition `[field, operator, value]` or a group with `conditions`";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::{Condition, Filter, and, between, eq, in_, not, or};
    use super::*;
    use crate::Scalar;

    fn checked(filter: &str) -> Result<(), Error> {
        check(serde_json::from_str(filter).unwrap())
    }

    #[test]
    fn what_portals_accept_passes() {
        for good in [
            "null",
            "[]",
            r#"[["id","=",1]]"#,
            r#"[["id",1]]"#,
            r#"[["id",[1,"2"]]]"#,
            r#"[["id","IN",[1,2]]]"#,
            r#"[["id","!=",null]]"#,
            r#"[["responsible.name","=","Ada"]]"#,
            r#"[["id",">",123456789012345678901234567890]]"#,
            r#"[{"conditions":[["id",1]]}]"#,
            r#"[{"logic":"OR","conditions":[["id",1],{"logic":"and","conditions":[["id",2]]}],"negative":true}]"#,
            r#"[{"logic":"or","conditions":[["id",1]],"negative":0}]"#,
        ] {
            assert!(checked(good).is_ok(), "{good}: {:?}", checked(good));
        }
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_place() {
        for (bad, place) in [
            (r#"{">id":5}"#, "filter: expected a list of conditions; the map form belongs to v2"),
            ("{}", "filter: expected a list of conditions; the map form belongs to v2"),
            (r#"{"logic":"or","conditions":[["id",1]]}"#, "filter: expected a list of conditions; put the group"),
            ("5", "filter: expected a list of conditions"),
            // The outer list was forgotten.
            (r#"["id","=",1]"#, "filter[0]: expected a condition"),
            // The list was not spread.
            (r#"[[["id","=",1]]]"#, "filter[0]: expected a condition"),
            (r#"[["id"]]"#, "filter[0]: expected a condition"),
            (r#"[["id","=",1,2]]"#, "filter[0]: expected a condition"),
            (r#"[["id",1],["","=",1]]"#, "filter[1]: the name of the field is empty"),
            (r#"[[5,"=",1]]"#, "filter[0]: expected a condition"),
            (r#"[[">id",1]]"#, "filter[0]: the name of the field begins with an operator"),
            (r#"[["id","like","a%"]]"#, "filter[0]: the operator is none of"),
            (r#"[["id",5,1]]"#, "filter[0]: the operator is none of"),
            (r#"[["id","=",[1]]]"#, "filter[0]: expected one text"),
            (r#"[["id","=",{}]]"#, "filter[0]: expected one text"),
            (r#"[["id",">",null]]"#, "filter[0]: null has no order"),
            (r#"[["id","in",[]]]"#, "filter[0]: the list of values is empty"),
            (r#"[["id",[]]]"#, "filter[0]: the list of values is empty"),
            (r#"[["id","in",5]]"#, "filter[0]: expected a list of texts"),
            (r#"[["id","in",[[1]]]]"#, "filter[0]: expected a list of texts"),
            (r#"[["id","between",[1]]]"#, "filter[0]: expected a list of two"),
            (r#"[["id","between",[1,null]]]"#, "filter[0]: expected a list of two"),
            (r#"[{"logic":"or"}]"#, "filter[0]: expected a condition"),
            (r#"[{"logic":"or","conditions":[]}]"#, "filter[0]: the group has no conditions"),
            (r#"[{"logic":"or","conditions":{}}]"#, "filter[0]: the `conditions` of the group are no list"),
            (r#"[{"logic":"xor","conditions":[["id",1]]}]"#, "filter[0]: the group's `logic`"),
            (r#"[{"negative":"Y","conditions":[["id",1]]}]"#, "filter[0]: the group's `negative`"),
            (r#"[{"negativ":true,"conditions":[["id",1]]}]"#, "filter[0]: the group has a key besides"),
            (r#"[["a",1],{"conditions":[["id","in",[]]]}]"#, "filter[1].conditions[0]: the list of values"),
            (r#"[{"conditions":[["a",1],{"conditions":[5]}]}]"#, "filter[0].conditions[1].conditions[0]: expected"),
        ] {
            let error = checked(bad).unwrap_err();
            assert_eq!((error.code(), error.may_have_run()), ("INVALID_FILTER", false), "{bad}");
            assert!(error.message().starts_with(place), "{bad}: {error}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        for depth in [40, 5_000] {
            let filter = format!("[{}[\"id\",1]{}]", r#"{"conditions":["#.repeat(depth), "]}".repeat(depth));
            assert_eq!(checked(&filter).unwrap_err().code(), "INVALID_FILTER");
        }
    }

    #[test]
    fn a_field_is_found_at_any_depth() {
        let filter = r#"[["title","=","id"],{"conditions":[["a",1],{"conditions":[["id",[1]]]}]}]"#;
        let filter: &RawValue = serde_json::from_str(filter).unwrap();
        for (field, want) in [("id", true), ("a", true), ("title", true), ("ID", false), ("=", false)] {
            assert_eq!(mentions(filter, field), want, "{field}");
        }
        for none in ["null", "{}", r#"{"id":1}"#, "5"] {
            assert!(!mentions(serde_json::from_str(none).unwrap(), "id"), "{none}");
        }
    }

    fn scalar() -> impl Strategy<Value = Scalar> {
        prop_oneof![
            any::<i64>().prop_map(Scalar::from),
            any::<u64>().prop_map(Scalar::from),
            any::<bool>().prop_map(Scalar::from),
            ".{0,8}".prop_map(Scalar::from),
        ]
    }

    fn leaf() -> impl Strategy<Value = Condition> {
        let field = "[a-zA-Z_.]{1,8}";
        prop_oneof![
            (field, scalar()).prop_map(|(field, value)| eq(field, value)),
            (field, prop::collection::vec(scalar(), 1..4)).prop_map(|(field, values)| in_(field, values)),
            (field, scalar(), scalar()).prop_map(|(field, from, to)| between(field, from, to)),
        ]
    }

    fn tree() -> impl Strategy<Value = Condition> {
        leaf().prop_recursive(6, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(and),
                prop::collection::vec(inner.clone(), 1..4).prop_map(or),
                inner.prop_map(not),
            ]
        })
    }

    /// How many leaves and groups a filter has.
    fn size(filter: &Value) -> usize {
        match filter {
            Value::Array(parts) if parts.first().is_some_and(Value::is_string) => 1,
            Value::Array(conditions) => conditions.iter().map(size).sum(),
            Value::Object(group) => 1 + size(&group[CONDITIONS]),
            _ => 0,
        }
    }

    proptest! {
        #[test]
        fn whatever_is_built_passes_and_keeps_its_structure(conditions in prop::collection::vec(tree(), 0..4)) {
            let filter = Filter::new(conditions.clone()).unwrap();
            let raw = serde_json::value::to_raw_value(&filter).unwrap();
            let before = raw.get().to_owned();
            prop_assert!(check(&raw).is_ok(), "{}", raw);
            prop_assert_eq!(raw.get(), before);
            let whole = serde_json::to_value(&filter).unwrap();
            let parts: Vec<_> = conditions.iter().map(|condition| serde_json::to_value(condition).unwrap()).collect();
            prop_assert_eq!(size(&whole), parts.iter().map(size).sum::<usize>());
            prop_assert_eq!(whole, json!(parts));
        }

        #[test]
        fn not_undoes_itself_in_any_tree(condition in tree()) {
            prop_assert_eq!(not(not(not(condition.clone()))), not(condition));
        }

        #[test]
        fn no_json_makes_it_panic(text in r#"[\[\]{}"a-z:,=>0-9]{0,40}"#) {
            if let Ok(raw) = serde_json::from_str::<&RawValue>(&text) {
                let _ = check(raw);
                let _ = mentions(raw, "a");
            }
        }
    }
}
