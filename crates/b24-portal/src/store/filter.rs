//! Conditions on rows, and the prefix operators that v2 families write before a field's name.

use std::cmp::Ordering;

use super::column::{Column, Kind};
use super::table::Table;
use crate::php::number;
use crate::value::Value;

/// A condition on a row.
#[derive(Debug)]
pub(crate) enum Cond {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(Test),
}

/// One comparison.
#[derive(Debug)]
pub(crate) struct Test {
    column: &'static Column,
    op: Op,
    values: Vec<Value>,
}

/// The comparisons of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    In,
    NotIn,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Between,
    /// The text is part of the value.
    Contains,
    Lacks,
    /// The text is a pattern with `%` and `_`.
    Like,
    Unlike,
}

/// Longest first, so that `!=%` is not read as `!` of a field `=%…`.
const PREFIXES: [(&str, Op); 16] = [
    ("!=%", Op::Unlike),
    ("!%=", Op::Unlike),
    ("!@", Op::NotIn),
    ("!=", Op::NotIn),
    ("!%", Op::Lacks),
    ("><", Op::Between),
    (">=", Op::GreaterOrEqual),
    ("<=", Op::LessOrEqual),
    ("=%", Op::Like),
    ("%=", Op::Like),
    ("!", Op::NotIn),
    (">", Op::Greater),
    ("<", Op::Less),
    ("@", Op::In),
    ("%", Op::Contains),
    ("=", Op::In),
];

impl Op {
    /// Splits `>=ID` into the operator and the field.
    pub(crate) fn split(key: &str) -> (Self, &str) {
        PREFIXES
            .iter()
            .find_map(|(prefix, op)| key.strip_prefix(prefix).map(|field| (*op, field)))
            .unwrap_or((Self::In, key))
    }
}

impl Cond {
    pub(crate) fn everything() -> Self {
        Self::All(Vec::new())
    }

    pub(crate) fn nothing() -> Self {
        Self::Any(Vec::new())
    }

    /// A comparison with what a client sent: an array means "any of these".
    pub(crate) fn test(column: &'static Column, op: Op, sent: &Value) -> Self {
        let values: Vec<Value> = match sent {
            Value::Array(array) => array.values().map(|value| operand(column.kind, op, value)).collect(),
            value => vec![operand(column.kind, op, value)],
        };
        Self::Test(Test { column, op, values })
    }

    pub(crate) fn matches(&self, table: &Table, id: i64) -> bool {
        match self {
            Self::All(conds) => conds.iter().all(|cond| cond.matches(table, id)),
            Self::Any(conds) => conds.iter().any(|cond| cond.matches(table, id)),
            Self::Not(cond) => !cond.matches(table, id),
            Self::Test(test) => test.matches(&table.value(id, test.column)),
        }
    }

    /// The ids that match, up or down.
    pub(crate) fn ids<'a>(&'a self, table: &'a Table, descending: bool) -> impl Iterator<Item = i64> + 'a {
        let listed = self.id_list().map(|mut ids| {
            ids.sort_unstable();
            ids.dedup();
            if descending {
                ids.reverse();
            }
            ids.into_iter().filter(|id| table.contains(*id))
        });
        // Of a filter that names its ids nothing between them is looked at.
        let (low, high) = self.id_range();
        let walked = listed.is_none().then(|| table.ids(low, high, descending));
        let ids = listed.into_iter().flatten().chain(walked.into_iter().flatten());
        ids.filter(|id| self.matches(table, *id))
    }

    /// How many rows match.
    pub(crate) fn count(&self, table: &Table) -> usize {
        let (low, high) = self.id_range();
        if self.is_id_range() { table.count(low, high) } else { self.ids(table, false).count() }
    }

    /// The ids that can match at all, by the comparisons with the id that every row must pass.
    pub(crate) fn id_range(&self) -> (i64, i64) {
        let everything = (1, i64::MAX);
        match self {
            Self::All(conds) => {
                conds.iter().map(Self::id_range).fold(everything, |(low, high), (a, b)| (low.max(a), high.min(b)))
            }
            Self::Test(test) if test.column.is_id() => test.id_range().unwrap_or(everything),
            Self::Any(conds) if conds.is_empty() => (1, 0),
            _ => everything,
        }
    }

    /// The ids that can match at all, when every row must pass a list of them.
    pub(crate) fn id_list(&self) -> Option<Vec<i64>> {
        match self {
            Self::All(conds) => conds.iter().find_map(Self::id_list),
            Self::Test(test) if test.column.is_id() && test.op == Op::In => test.numbers(),
            _ => None,
        }
    }

    /// Whether the id range says all there is to say, so that counting needs no look at the rows.
    pub(crate) fn is_id_range(&self) -> bool {
        match self {
            Self::All(conds) => conds.iter().all(Self::is_id_range),
            Self::Any(conds) => conds.is_empty(),
            Self::Test(test) => {
                test.column.is_id() && test.id_range().is_some() && (test.op != Op::In || test.values.len() == 1)
            }
            _ => false,
        }
    }
}

impl Test {
    fn matches(&self, kept: &Value) -> bool {
        let against =
            |want: fn(Ordering) -> bool| self.values.iter().any(|value| compare(kept, value).is_some_and(want));
        match self.op {
            Op::In => against(Ordering::is_eq),
            Op::NotIn => !against(Ordering::is_eq),
            Op::Greater => against(Ordering::is_gt),
            Op::GreaterOrEqual => against(Ordering::is_ge),
            Op::Less => against(Ordering::is_lt),
            Op::LessOrEqual => against(Ordering::is_le),
            Op::Between => match &self.values[..] {
                [low, high] => {
                    compare(kept, low).is_some_and(Ordering::is_ge) && compare(kept, high).is_some_and(Ordering::is_le)
                }
                _ => false,
            },
            Op::Contains => self.any_text(kept, |kept, part| kept.contains(part)),
            Op::Lacks => !self.any_text(kept, |kept, part| kept.contains(part)),
            Op::Like => self.any_text(kept, like),
            Op::Unlike => !self.any_text(kept, like),
        }
    }

    fn any_text(&self, kept: &Value, matches: fn(&str, &str) -> bool) -> bool {
        let kept = folded(kept);
        self.values.iter().any(|value| matches(&kept, &folded(value)))
    }

    fn numbers(&self) -> Option<Vec<i64>> {
        self.values.iter().map(|value| if let Value::Int(n) = value { Some(*n) } else { None }).collect()
    }

    fn id_range(&self) -> Option<(i64, i64)> {
        let numbers = self.numbers()?;
        let (least, most) = (numbers.iter().copied().min()?, numbers.iter().copied().max()?);
        match (self.op, &numbers[..]) {
            (Op::In, _) => Some((least, most)),
            (Op::Greater, [bound]) => Some((bound.saturating_add(1), i64::MAX)),
            (Op::GreaterOrEqual, [bound]) => Some((*bound, i64::MAX)),
            (Op::Less, [bound]) => Some((1, bound.saturating_sub(1))),
            (Op::LessOrEqual, [bound]) => Some((1, *bound)),
            (Op::Between, [low, high]) => Some((*low, *high)),
            _ => None,
        }
    }
}

/// What a client sent, read as the column keeps it. Patterns stay text, and "empty" stays empty.
fn operand(kind: Kind, op: Op, sent: &Value) -> Value {
    match op {
        Op::Contains | Op::Lacks | Op::Like | Op::Unlike => sent.to_text().map_or(Value::Null, Value::Str),
        _ => match (kind, sent) {
            (Kind::Text | Kind::Moment, Value::Null) => Value::Null,
            (Kind::Text | Kind::Moment, Value::Str(text)) if text.is_empty() => Value::Null,
            _ => kind.read(sent),
        },
    }
}

/// The database's order: numbers by size, texts without regard to case, nothing before everything.
pub(crate) fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Null, Value::Str(text)) | (Value::Str(text), Value::Null) if text.is_empty() => Some(Ordering::Equal),
        (Value::Null, _) => Some(Ordering::Less),
        (_, Value::Null) => Some(Ordering::Greater),
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Str(_), Value::Str(_)) => Some(folded(left).cmp(&folded(right))),
        (left, right) => number::numeric(left)?.partial_cmp(&number::numeric(right)?),
    }
}

fn folded(value: &Value) -> String {
    value.to_text().map(|text| text.to_lowercase()).unwrap_or_default()
}

/// SQL's `LIKE`: `%` is any text, `_` any one character.
///
/// Only the last `%` is ever taken back: whatever the earlier ones could give, it can give as well.
fn like(text: &str, pattern: &str) -> bool {
    let (mut text, mut pattern) = (text.chars(), pattern.chars());
    // Where to go on when the last `%` has to take one character more: the text it has not taken, what follows it.
    let mut retry = None;
    loop {
        let (mut text_rest, mut pattern_rest) = (text.clone(), pattern.clone());
        match (text_rest.next(), pattern_rest.next()) {
            (_, Some('%')) => {
                retry = Some((text.clone(), pattern_rest.clone()));
                pattern = pattern_rest;
            }
            (Some(c), Some(wanted)) if wanted == '_' || c == wanted => (text, pattern) = (text_rest, pattern_rest),
            (None, None) => return true,
            (None, Some(_)) => return false,
            (Some(_), _) => {
                let Some((taken, after)) = &mut retry else { return false };
                if taken.next().is_none() {
                    return false;
                }
                (text, pattern) = (taken.clone(), after.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_prefix_wins() {
        for (key, want) in [
            ("ID", (Op::In, "ID")),
            ("=ID", (Op::In, "ID")),
            (">=ID", (Op::GreaterOrEqual, "ID")),
            (">ID", (Op::Greater, "ID")),
            ("!=ID", (Op::NotIn, "ID")),
            ("!ID", (Op::NotIn, "ID")),
            ("!@ID", (Op::NotIn, "ID")),
            ("@ID", (Op::In, "ID")),
            ("%TITLE", (Op::Contains, "TITLE")),
            ("=%TITLE", (Op::Like, "TITLE")),
            ("%=TITLE", (Op::Like, "TITLE")),
            ("!%TITLE", (Op::Lacks, "TITLE")),
            ("!=%TITLE", (Op::Unlike, "TITLE")),
            ("!%=TITLE", (Op::Unlike, "TITLE")),
        ] {
            assert_eq!(Op::split(key), want, "{key}");
        }
    }

    #[test]
    fn like_knows_both_wildcards() {
        for (text, pattern, want) in [
            ("deal 12", "deal%", true),
            ("deal 12", "%12", true),
            ("deal 12", "deal _2", true),
            ("deal 12", "deal", false),
            ("", "%", true),
            ("ёлка", "_лка", true),
        ] {
            assert_eq!(like(text, pattern), want, "{text} like {pattern}");
        }
    }

    #[test]
    fn many_wildcards_take_no_time() {
        assert!(!like(&"a".repeat(5_000), &format!("{}b", "%a".repeat(500))));
        assert!(like(&"a".repeat(50_000), &"%".repeat(50_000)));
    }

    /// The definition, word for word, and so exponential.
    fn defined(text: &[char], pattern: &[char]) -> bool {
        match (text, pattern) {
            ([], []) => true,
            (text, ['%', rest @ ..]) => (0..=text.len()).any(|taken| defined(&text[taken..], rest)),
            ([c, text @ ..], [wanted, rest @ ..]) => (*wanted == '_' || c == wanted) && defined(text, rest),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn like_agrees_with_its_definition(text in "[abё]{0,8}", pattern in "[abё%_]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<char>>();
            prop_assert_eq!(like(&text, &pattern), defined(&chars(&text), &chars(&pattern)));
        }
    }
}
