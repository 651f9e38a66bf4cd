//! Conditions, groups of them, and the filter they make.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::operator::{Logic, Operator};
use crate::{
    Error,
    filter::{Scalar, operand::Operand, place::Place, rules},
};

/// A filter of v3 that is known to be well formed; it serialises to what goes into the parameter `filter`.
///
/// Whether the portal knows its fields shows when it is sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Filter(Vec<Condition>);

impl Filter {
    /// A filter that rows pass when they meet all `conditions`; without any, every row passes.
    ///
    /// # Errors
    /// [`SdkCode::InvalidFilter`](crate::SdkCode::InvalidFilter) with the place, such as `filter[1].conditions[0]`: a
    /// field without a name, an `in` without values, a group without conditions, `null` where an order is asked for, a
    /// number that is not finite, groups more than 31 deep.
    ///
    /// # Examples
    /// ```
    /// use b24_core::filter::v3::{Filter, eq, in_};
    ///
    /// let chosen: Vec<u64> = vec![];
    /// let error = Filter::new([eq("status", "NEW"), in_("id", chosen)]).unwrap_err();
    /// assert_eq!(error.to_string(), "INVALID_FILTER: filter[1]: the list of values is empty");
    /// ```
    pub fn new(conditions: impl IntoIterator<Item = Condition>) -> Result<Self, Error> {
        let conditions: Vec<_> = conditions.into_iter().collect();
        Place::default().each(&conditions, Condition::check)?;
        Ok(Self(conditions))
    }

    /// Whether it has no conditions, so that every row passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One condition, or a group of them; checked when a [`Filter`] is made of it.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a condition does nothing outside of a filter"]
pub struct Condition(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Leaf { field: String, operator: Operator, operand: Operand },
    Group { logic: Logic, conditions: Vec<Condition>, negative: bool },
}

/// `field = value`.
pub fn eq(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    leaf(field, Operator::Eq, Operand::one(value))
}

/// `field != value`.
pub fn ne(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    leaf(field, Operator::Ne, Operand::one(value))
}

/// `field > value`.
pub fn gt(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    leaf(field, Operator::Gt, Operand::one(value))
}

/// `field >= value`.
pub fn ge(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    leaf(field, Operator::Ge, Operand::one(value))
}

/// `field < value`.
pub fn lt(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    leaf(field, Operator::Lt, Operand::one(value))
}

/// `field <= value`.
pub fn le(field: impl Into<String>, value: impl Into<Scalar>) -> Condition {
    leaf(field, Operator::Le, Operand::one(value))
}

/// The field is one of `values`, of which there must be at least one.
pub fn in_(field: impl Into<String>, values: impl IntoIterator<Item = impl Into<Scalar>>) -> Condition {
    leaf(field, Operator::In, Operand::several(values))
}

/// The field lies between the bounds, both included. Which of them is the greater one is not looked at.
pub fn between(field: impl Into<String>, from: impl Into<Scalar>, to: impl Into<Scalar>) -> Condition {
    leaf(field, Operator::Between, Operand::Several(vec![from.into(), to.into()]))
}

/// All `conditions` hold; for use inside of [`or`] and [`not`], since a filter joins by `and` anyway.
pub fn and(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    group(Logic::And, conditions, false)
}

/// At least one of `conditions` holds.
pub fn or(conditions: impl IntoIterator<Item = Condition>) -> Condition {
    group(Logic::Or, conditions, false)
}

/// The condition does not hold. Twice gives the condition back, unlike in the official SDK, where it stays negative.
pub fn not(condition: Condition) -> Condition {
    match condition.0 {
        Node::Leaf { .. } => group(Logic::And, [condition], true),
        Node::Group { logic: Logic::And, mut conditions, negative: true } if is_one_leaf(&conditions) => {
            conditions.remove(0)
        }
        Node::Group { logic, conditions, negative } => group(logic, conditions, !negative),
    }
}

/// Such is the group that `not` puts around a leaf, to have a place for the negation.
fn is_one_leaf(conditions: &[Condition]) -> bool {
    matches!(conditions, [Condition(Node::Leaf { .. })])
}

fn leaf(field: impl Into<String>, operator: Operator, operand: Operand) -> Condition {
    Condition(Node::Leaf { field: field.into(), operator, operand })
}

fn group(logic: Logic, conditions: impl IntoIterator<Item = Condition>, negative: bool) -> Condition {
    Condition(Node::Group { logic, conditions: conditions.into_iter().collect(), negative })
}

impl Condition {
    fn check(&self, place: &mut Place) -> Result<(), Error> {
        match &self.0 {
            Node::Leaf { field, operator, operand } => {
                place.unless(rules::field_problem(field))?;
                place.unless(rules::operand_problem(operator.takes(), &operand.shape()))
            }
            Node::Group { conditions, .. } if conditions.is_empty() => Err(place.refuse("the group has no conditions")),
            Node::Group { conditions, .. } => place.each(conditions, Self::check),
        }
    }
}

impl Serialize for Condition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Node::Leaf { field, operator, operand } => (field, operator.as_str(), operand).serialize(serializer),
            Node::Group { logic, conditions, negative } => {
                let mut map = serializer.serialize_map(None)?;
                map.serialize_entry("logic", logic.as_str())?;
                map.serialize_entry("conditions", conditions)?;
                if *negative {
                    map.serialize_entry("negative", &true)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DateTime;

    fn json(conditions: impl IntoIterator<Item = Condition>) -> String {
        serde_json::to_string(&Filter::new(conditions).unwrap()).unwrap()
    }

    #[test]
    fn the_official_golden_filter() {
        let filter = [
            eq("status", "NEW"),
            or([in_("id", [1, 2]), gt("id", 100)]),
            between("createdTime", "2025-01-01", "2025-12-31"),
        ];
        assert_eq!(
            json(filter),
            concat!(
                r#"[["status","=","NEW"],"#,
                r#"{"logic":"or","conditions":[["id","in",[1,2]],["id",">",100]]},"#,
                r#"["createdTime","between",["2025-01-01","2025-12-31"]]]"#
            )
        );
    }

    #[test]
    fn every_operator_has_its_spelling() {
        let kept = vec![1_u64, 2];
        for (condition, want) in [
            (eq("a", true), r#"["a","=",true]"#),
            (ne("a", Scalar::null()), r#"["a","!=",null]"#),
            (gt("a", 1.5), r#"["a",">",1.5]"#),
            (ge("a", -1), r#"["a",">=",-1]"#),
            (lt("a", u64::MAX), r#"["a","<",18446744073709551615]"#),
            (le("a.b", "x"), r#"["a.b","<=","x"]"#),
            (in_("a", &kept), r#"["a","in",[1,2]]"#),
            (in_("a", ["x", "y"].iter()), r#"["a","in",["x","y"]]"#),
            (in_("a", &[String::from("x")]), r#"["a","in",["x"]]"#),
            (ge("a", DateTime::new(0, 0).unwrap()), r#"["a",">=","1970-01-01T00:00:00+00:00"]"#),
        ] {
            assert_eq!(json([condition]), format!("[{want}]"));
        }
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn not_twice_gives_the_condition_back() {
        let negated = r#"[{"logic":"and","conditions":[["id","=",1]],"negative":true}]"#;
        assert_eq!(json([not(eq("id", 1))]), negated);
        assert_eq!(not(not(eq("id", 1))), eq("id", 1));
        let either = || or([eq("id", 1), eq("id", 2)]);
        let negated = r#"[{"logic":"or","conditions":[["id","=",1],["id","=",2]],"negative":true}]"#;
        assert_eq!(json([not(either())]), negated);
        assert_eq!(not(not(either())), either());
        assert_eq!(not(not(not(either()))), not(either()));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        let deep = (0..40).fold(eq("id", 1), |condition, _| and([condition]));
        for (condition, want) in [
            (eq("", 1), "filter[1]: the name of the field is empty"),
            (
                eq(">id", 1),
                "filter[1]: the name of the field begins with an operator; the operator has a place of its own",
            ),
            (in_("id", Vec::<u8>::new()), "filter[1]: the list of values is empty"),
            (or([]), "filter[1]: the group has no conditions"),
            (not(and([])), "filter[1]: the group has no conditions"),
            (or([eq("id", 1), lt("id", Scalar::null())]), "filter[1].conditions[1]: null has no order"),
            (between("id", Scalar::null(), 1), "filter[1]: expected a list of two texts or numbers"),
            (eq("sum", f64::NAN), "filter[1]: a number is not finite, which JSON cannot say"),
            (in_("sum", [1.0, f64::INFINITY]), "filter[1]: a number is not finite, which JSON cannot say"),
        ] {
            let error = Filter::new([eq("ok", 1), condition]).unwrap_err();
            assert_eq!((error.code(), error.message()), ("INVALID_FILTER", want));
            assert!(!error.may_have_run());
        }
        let error = Filter::new([deep]).unwrap_err();
        assert!(error.message().ends_with("the groups stand too deep in each other"), "{error}");
    }

    #[test]
    fn no_conditions_make_an_empty_list() {
        assert_eq!(json([]), "[]");
        assert!(Filter::default().is_empty());
    }
}
