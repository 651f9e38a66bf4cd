//! Filters of v2: a map whose keys carry the operator before the name of the field.
//!
//! ```
//! use b24_core::filter::v2::{Filter, eq, gt, in_, starts_with};
//!
//! let filter = Filter::new([
//!     eq("STAGE_ID", "NEW"),
//!     gt("ID", 5),
//!     in_("ASSIGNED_BY_ID", [1, 2]),
//!     starts_with("TITLE", "Acme"),
//! ])?;
//! assert_eq!(
//!     serde_json::to_string(&filter).unwrap(),
//!     r#"{"STAGE_ID":"NEW",">ID":5,"@ASSIGNED_BY_ID":[1,2],"=%TITLE":"Acme%"}"#
//! );
//! # Ok::<(), b24_core::Error>(())
//! ```
//!
//! # What portals do with it
//! * Families know different subsets of the operators. `tasks.*` knows [`eq`], [`ne`] and the four orders;
//!   `crm.item.list` knows all of these; classic `crm.*.list` has no [`not_contains`] and [`not_like`].
//! * Classic `crm.*`, `catalog.*` and `sale.*` **drop a key that they do not know and answer with every row**: a field in
//!   the wrong case, an operator that is not theirs. Look at the first answer before anything is deleted by it.
//! * CRM compares status, contact and company fields exactly, even when asked for a part of a text.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-list.html>,
//! <https://apidocs.bitrix24.com/api-reference/crm/deals/crm-deal-list.html>,
//! <https://apidocs.bitrix24.com/api-reference/tasks/tasks-task-list.html>

use std::collections::HashSet;

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    Scalar,
    operand::Operand,
    place::Place,
    rules::{self, Takes},
};
use crate::Error;

/// A filter of v2 that is known to be well formed; it serialises to what goes into the parameter `filter`, its keys in
/// the order of the conditions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter(Vec<Condition>);

impl Filter {
    /// A filter that rows pass when they meet all `conditions`; without any, every row passes.
    ///
    /// # Errors
    /// [`SdkCode::InvalidFilter`](crate::SdkCode::InvalidFilter) with the place, such as `filter[1]`: a field without a
    /// name, no values to choose from, `null` where an order is asked for, `%` in a text that is no pattern, and two
    /// conditions with the same operator on the same field, of which a map holds only one.
    ///
    /// # Examples
    /// ```
    /// use b24_core::filter::v2::{Filter, ne};
    ///
    /// let error = Filter::new([ne("STAGE_ID", "WON"), ne("STAGE_ID", "LOSE")]).unwrap_err();
    /// assert_eq!(error.to_string(), "INVALID_FILTER: filter[1]: the key `!STAGE_ID` stands there already");
    /// ```
    pub fn new(conditions: impl IntoIterator<Item = Condition>) -> Result<Self, Error> {
        let conditions: Vec<_> = conditions.into_iter().collect();
        let mut keys = HashSet::new();
        Place::default().each(&conditions, |condition, place| {
            place.unless(condition.problem())?;
            match condition.key() {
                Some(key) if keys.contains(&key) => {
                    Err(place.refuse(format_args!("the key `{key}` stands there already")))
                }
                key => {
                    keys.extend(key);
                    Ok(())
                }
            }
        })?;
        Ok(Self(conditions))
    }

    /// Whether it has no conditions, so that every row passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One condition; checked when a [`Filter`] is made of it.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a condition does nothing outside of a filter"]
pub struct Condition(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Test {
        prefix: &'static str,
        takes: Takes,
        field: String,
        operand: Operand,
    },
    /// A text that must not hold a `%`, and the pattern made of it.
    Part {
        prefix: &'static str,
        field: String,
        text: String,
        pattern: Pattern,
    },
    AnyOf(Vec<Filter>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Pattern {
    /// The portal puts the wildcards itself.
    Bare,
    StartsWith,
    EndsWith,
}

/// `FIELD`: equal. The one form that every family knows.
///
/// The `lists.*` methods take a text as a pattern, in which `%` is any text; there ask for [`exact`].
pub fn eq(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    test("", Takes::Value, field, Operand::one(value))
}

/// `=FIELD`: equal, and no pattern in any family that knows it.
pub fn exact(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    test("=", Takes::Value, field, Operand::one(value))
}

/// `!FIELD`: not equal.
pub fn ne(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    test("!", Takes::Value, field, Operand::one(value))
}

/// `>FIELD`: greater.
pub fn gt(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    test(">", Takes::Ordered, field, Operand::one(value))
}

/// `>=FIELD`: greater or equal.
pub fn ge(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    test(">=", Takes::Ordered, field, Operand::one(value))
}

/// `<FIELD`: less.
pub fn lt(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    test("<", Takes::Ordered, field, Operand::one(value))
}

/// `<=FIELD`: less or equal.
pub fn le(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    test("<=", Takes::Ordered, field, Operand::one(value))
}

/// `@FIELD`: one of `values`, of which there must be at least one.
pub fn in_(field: impl Into<String>, values: impl IntoIterator<Item = impl Into<Scalar>>) -> Condition {
    test("@", Takes::Values, field, Operand::several(values))
}

/// `!@FIELD`: none of `values`, of which there must be at least one.
pub fn not_in(field: impl Into<String>, values: impl IntoIterator<Item = impl Into<Scalar>>) -> Condition {
    test("!@", Takes::Values, field, Operand::several(values))
}

/// `%FIELD`: the text is a part of the field. It may not hold a `%`; for patterns there is [`like`].
pub fn contains(field: impl Into<String>, text: impl Into<String>) -> Condition {
    part("%", field, text, Pattern::Bare)
}

/// `!%FIELD`: the text is no part of the field. It may not hold a `%`; for patterns there is [`not_like`].
pub fn not_contains(field: impl Into<String>, text: impl Into<String>) -> Condition {
    part("!%", field, text, Pattern::Bare)
}

/// `=%FIELD` with `text%`. The text may not hold a `%`; a `_` in it stands for any one character, so that a row too many
/// can come.
pub fn starts_with(field: impl Into<String>, text: impl Into<String>) -> Condition {
    part("=%", field, text, Pattern::StartsWith)
}

/// `=%FIELD` with `%text`. The text may not hold a `%`; a `_` in it stands for any one character, so that a row too many
/// can come.
///
/// It has the operator of [`starts_with`] and [`like`]: one filter holds one of them for a field.
pub fn ends_with(field: impl Into<String>, text: impl Into<String>) -> Condition {
    part("=%", field, text, Pattern::EndsWith)
}

/// `=%FIELD`: the field fits the pattern, in which `%` is any text and `_` any one character.
pub fn like(field: impl Into<String>, pattern: impl Into<String>) -> Condition {
    test("=%", Takes::Value, field, Operand::one(pattern.into()))
}

/// `!=%FIELD`: the field does not fit the pattern, in which `%` is any text and `_` any one character.
pub fn not_like(field: impl Into<String>, pattern: impl Into<String>) -> Condition {
    test("!=%", Takes::Value, field, Operand::one(pattern.into()))
}

/// A group of which one filter must hold: `{"0": {"logic": "OR", "0": {..}, "1": {..}}}`.
///
/// For `crm.item.list` and families whose page says so. **Others drop the group and answer with every row.**
pub fn any_of(filters: impl IntoIterator<Item = Filter>) -> Condition {
    Condition(Node::AnyOf(filters.into_iter().collect()))
}

fn test(prefix: &'static str, takes: Takes, field: impl Into<String>, operand: Operand) -> Condition {
    Condition(Node::Test { prefix, takes, field: field.into(), operand })
}

fn part(prefix: &'static str, field: impl Into<String>, text: impl Into<String>, pattern: Pattern) -> Condition {
    Condition(Node::Part { prefix, field: field.into(), text: text.into(), pattern })
}

impl Condition {
    fn problem(&self) -> Option<&'static str> {
        match &self.0 {
            Node::Test { takes, field, operand, .. } => {
                rules::field_problem(field).or_else(|| rules::operand_problem(*takes, &operand.shape()))
            }
            Node::Part { field, text, .. } => rules::field_problem(field).or_else(|| part_problem(text)),
            Node::AnyOf(filters) if filters.is_empty() => Some("the group has no filters"),
            Node::AnyOf(filters) if filters.iter().any(Filter::is_empty) => {
                Some("a filter of the group has no conditions, so that every row would pass")
            }
            Node::AnyOf(_) => None,
        }
    }

    /// The key in the map. Groups have none of their own, and are numbered.
    fn key(&self) -> Option<String> {
        match &self.0 {
            Node::Test { prefix, field, .. } | Node::Part { prefix, field, .. } => Some(format!("{prefix}{field}")),
            Node::AnyOf(_) => None,
        }
    }
}

fn part_problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("the text is empty, so that every row would pass");
    }
    text.contains('%').then_some("`%` in the text would match anything; ask for a pattern with `like`")
}

impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        let mut groups = 0_usize..;
        for condition in &self.0 {
            let key = condition.key().or_else(|| groups.next().map(|number| number.to_string()));
            map.serialize_entry(&key, condition)?;
        }
        map.end()
    }
}

/// The value under the condition's key.
impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Node::Test { operand, .. } => operand.serialize(serializer),
            Node::Part { text, pattern, .. } => match pattern {
                Pattern::Bare => text.serialize(serializer),
                Pattern::StartsWith => serializer.collect_str(&format_args!("{text}%")),
                Pattern::EndsWith => serializer.collect_str(&format_args!("%{text}")),
            },
            Node::AnyOf(filters) => {
                let mut map = serializer.serialize_map(Some(filters.len() + 1))?;
                map.serialize_entry("logic", "OR")?;
                for (index, filter) in filters.iter().enumerate() {
                    map.serialize_entry(&index.to_string(), filter)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(conditions: impl IntoIterator<Item = Condition>) -> String {
        serde_json::to_string(&Filter::new(conditions).unwrap()).unwrap()
    }

    #[test]
    fn every_operator_has_its_prefix() {
        for (condition, want) in [
            (eq("F", "x"), r#"{"F":"x"}"#),
            (exact("F", "x"), r#"{"=F":"x"}"#),
            (ne("F", ""), r#"{"!F":""}"#),
            (gt("F", 1), r#"{">F":1}"#),
            (ge("F", 1), r#"{">=F":1}"#),
            (lt("F", 1), r#"{"<F":1}"#),
            (le("F", 1), r#"{"<=F":1}"#),
            (in_("F", [1, 2]), r#"{"@F":[1,2]}"#),
            (not_in("F", ["a"]), r#"{"!@F":["a"]}"#),
            (contains("F", "mol"), r#"{"%F":"mol"}"#),
            (not_contains("F", "mol"), r#"{"!%F":"mol"}"#),
            (starts_with("F", "mol"), r#"{"=%F":"mol%"}"#),
            (ends_with("F", "mol"), r#"{"=%F":"%mol"}"#),
            (like("F", "m_l%"), r#"{"=%F":"m_l%"}"#),
            (not_like("F", "%mol%"), r#"{"!=%F":"%mol%"}"#),
            (eq("F", Scalar::flag(false)), r#"{"F":"N"}"#),
        ] {
            assert_eq!(json([condition]), want);
        }
    }

    #[test]
    fn keys_stay_in_the_order_of_the_conditions() {
        let filter = [ge("Z", 1), le("Z", 9), eq("A", 5), ne("A", 6)];
        assert_eq!(json(filter), r#"{">=Z":1,"<=Z":9,"A":5,"!A":6}"#);
        assert_eq!(json([]), "{}");
    }

    #[test]
    fn groups_are_numbered() {
        // The example of the page of `crm.item.list`.
        let named =
            [Filter::new([exact("name", "")]).unwrap(), Filter::new([ne("lastName", ""), gt("id", 1)]).unwrap()];
        let other = [Filter::new([eq("a", 1)]).unwrap()];
        assert_eq!(
            json([any_of(named), in_("stageId", ["NEW"]), any_of(other)]),
            concat!(
                r#"{"0":{"logic":"OR","0":{"=name":""},"1":{"!lastName":"",">id":1}},"#,
                r#""@stageId":["NEW"],"1":{"logic":"OR","0":{"a":1}}}"#
            )
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (condition, want) in [
            (eq(" ", 1), "filter[1]: the name of the field is empty"),
            (eq(">ID", 1), "filter[1]: the name of the field begins with an operator"),
            (gt("F", Scalar::null()), "filter[1]: null has no order"),
            (le("F", f64::NAN), "filter[1]: a number is not finite"),
            (in_("F", Vec::<u8>::new()), "filter[1]: the list of values is empty"),
            (not_in("F", Vec::<u8>::new()), "filter[1]: the list of values is empty"),
            (contains("F", "50%"), "filter[1]: `%` in the text"),
            (starts_with("F", ""), "filter[1]: the text is empty"),
            (gt("ID", 7), "filter[1]: the key `>ID` stands there already"),
            (any_of([]), "filter[1]: the group has no filters"),
            (any_of([Filter::default()]), "filter[1]: a filter of the group has no conditions"),
        ] {
            let error = Filter::new([gt("ID", 5), condition]).unwrap_err();
            assert_eq!(error.code(), "INVALID_FILTER");
            assert!(error.message().starts_with(want), "{error}");
        }
        // Both ends of a text have the same operator.
        assert!(Filter::new([starts_with("F", "a"), ends_with("F", "b")]).is_err());
    }
}
