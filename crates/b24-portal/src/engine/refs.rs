//! References between the commands of a v2 batch, with every oddity of the original walker.
//!
//! <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>

use std::borrow::Cow;

use super::budget::{Budget, Exhausted};
use crate::value::{Array, Key, Value};

/// What the commands so far have left, by kind: `$result[…]`, `$next[…]`, ….
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pub(crate) result: Array,
    pub(crate) error: Array,
    pub(crate) total: Array,
    pub(crate) next: Array,
    pub(crate) time: Array,
}

impl Gathered {
    /// Substitutes the references in all values of `params`; keys are left alone.
    pub(crate) fn substitute(&self, params: &Array, budget: &mut Budget) -> Result<Array, Exhausted> {
        self.substitute_all(params, 1, budget)
    }

    /// `depth` counts the arrays around the values, `params` itself included.
    fn substitute_all(&self, params: &Array, depth: usize, budget: &mut Budget) -> Result<Array, Exhausted> {
        let mut out = Array::new();
        for (key, value) in params.iter() {
            let substituted = match value {
                Value::Array(array) => self.substitute_all(array, depth + 1, budget)?.into(),
                Value::Str(text) => self.substitute_text(text, depth, budget)?,
                other => other.clone(),
            };
            out.set(key.clone(), substituted);
        }
        Ok(out)
    }

    fn substitute_text(&self, text: &str, depth: usize, budget: &mut Budget) -> Result<Value, Exhausted> {
        let mut current = Value::text(text);
        for found in references(text) {
            // Without brackets the text stays as it is.
            let keys = bracketed(found.path);
            if keys.is_empty() {
                continue;
            }
            let reached = self.walk(found.root, &keys);
            if found.whole == text {
                return reached.copy(depth, budget);
            }
            // Inside other text only numbers and texts make sense; anything else is left literal.
            let Reached::Value(target) = reached else { continue };
            if let (Value::Int(_) | Value::Float(_) | Value::Str(_), Some(into)) = (target.as_ref(), current.as_str()) {
                budget.copy(depth, &target)?;
                let target = target.to_text().unwrap_or_default();
                // What is put in may hold the same reference, so that the next one finds more of them.
                let places = into.matches(found.whole).count();
                budget.bytes(into.len().saturating_add(places.saturating_mul(target.len())))?;
                current = Value::from(into.replace(found.whole, &target));
            }
        }
        Ok(current)
    }

    /// Follows the keys as far as they lead: the first missing or null one ends the walk with what was reached.
    fn walk(&self, root: &str, keys: &[&str]) -> Reached<'_> {
        // Found without regard to case, but looked up with it: `$Result` is nothing.
        let root = match root {
            "result" => &self.result,
            "error" => &self.error,
            "total" => &self.total,
            "next" => &self.next,
            "time" => &self.time,
            _ => return Reached::Nothing,
        };
        let mut keys = keys.iter();
        let Some(mut at) = keys.next().and_then(|key| root.filled(key)).map(Cow::Borrowed) else {
            return Reached::Everything(root);
        };
        for key in keys {
            let inner = match &at {
                Cow::Borrowed(value) => step(value, key),
                Cow::Owned(value) => step(value, key).map(|inner| Cow::Owned(inner.into_owned())),
            };
            let Some(inner) = inner else { break };
            at = inner;
        }
        Reached::Value(at)
    }
}

/// Where a walk ended.
enum Reached<'a> {
    Nothing,
    /// At its very beginning: all that the commands left of the kind.
    Everything(&'a Array),
    Value(Cow<'a, Value>),
}

impl Reached<'_> {
    /// Makes a copy that will lie in `depth` arrays, if there is memory for it.
    fn copy(self, depth: usize, budget: &mut Budget) -> Result<Value, Exhausted> {
        match self {
            Self::Nothing => Ok(Value::Null),
            Self::Everything(all) => budget.copy_all(depth, all).map(|()| all.clone().into()),
            Self::Value(value) => budget.copy(depth, &value).map(|()| value.into_owned()),
        }
    }
}

/// `isset($at[$key]) ? $at[$key]`: a text, too, can be asked for its characters.
fn step<'a>(at: &'a Value, key: &str) -> Option<Cow<'a, Value>> {
    match at {
        Value::Array(array) => array.filled(key).map(Cow::Borrowed),
        Value::Str(text) => {
            let Key::Int(index) = Key::parse(key.to_owned()) else { return None };
            let byte = text.as_bytes().get(usize::try_from(index).ok()?)?;
            byte.is_ascii().then(|| Cow::Owned(Value::from(char::from(*byte).to_string())))
        }
        _ => None,
    }
}

/// One match of `\$(result|next|total|time|error)(\S*)`.
struct Reference<'a> {
    whole: &'a str,
    root: &'a str,
    path: &'a str,
}

const ROOTS: [&str; 5] = ["result", "next", "total", "time", "error"];

fn references(text: &str) -> Vec<Reference<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(dollar) = text[from..].find('$').map(|at| from + at) {
        let after = &text[dollar + 1..];
        let root =
            ROOTS.iter().find(|root| after.get(..root.len()).is_some_and(|head| head.eq_ignore_ascii_case(root)));
        let Some(root) = root else {
            from = dollar + 1;
            continue;
        };
        // Greedy to the next white space: whatever is glued behind is swallowed.
        let length = after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len());
        let end = dollar + 1 + length;
        found.push(Reference {
            whole: &text[dollar..end],
            root: &after[..root.len()],
            path: &after[root.len()..length],
        });
        from = end;
    }
    found
}

/// Every `[key]` of a path, whatever stands between them.
fn bracketed(path: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    let mut rest = path;
    while let Some(open) = rest.find('[') {
        let inner = &rest[open + 1..];
        match inner.find(']') {
            Some(0) => rest = inner,
            Some(close) => {
                keys.push(&inner[..close]);
                rest = &inner[close + 1..];
            }
            None => break,
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::map;

    fn gathered() -> Gathered {
        let row = map! { "ID" => "5", "TITLE" => "x", "EMPTY" => Value::Null };
        Gathered {
            result: map! {
                "get" => row.clone(),
                "list" => vec![row],
                "add" => 6_i64,
                "flag" => true,
            },
            next: map! { "list" => 50_i64 },
            ..Gathered::default()
        }
    }

    fn substituted(text: &str) -> Value {
        gathered().substitute_text(text, 1, &mut Budget::new()).expect("memory enough")
    }

    #[test]
    fn a_whole_reference_takes_any_type() {
        let row: Value = map! { "ID" => "5", "TITLE" => "x", "EMPTY" => Value::Null }.into();
        for (text, want) in [
            ("$result[get][ID]", Value::from("5")),
            ("$result[list][0][ID]", Value::from("5")),
            ("$next[list]", Value::Int(50)),
            ("$result[get]", row),
            ("$result[flag]", Value::Bool(true)),
        ] {
            assert_eq!(substituted(text), want, "{text}");
        }
    }

    #[test]
    fn an_unresolved_path_gives_its_parent() {
        assert_eq!(substituted("$result[add][ID]"), Value::Int(6), "a scalar add result is the id itself");
        assert_eq!(substituted("$result[nope][ID]"), gathered().result.into(), "the whole results");
        assert_eq!(substituted("$result[list][49][ID]"), gathered().result.get("list").cloned().expect("a list"));
        assert_eq!(
            substituted("$result[get][EMPTY]"),
            gathered().result.get("get").cloned().expect("a row"),
            "null ends the walk"
        );
    }

    #[test]
    fn a_text_can_be_asked_for_its_characters() {
        assert_eq!(substituted("$result[get][TITLE][0]"), Value::from("x"));
        assert_eq!(substituted("$result[get][TITLE][5]"), Value::from("x"), "past its end the walk stops");
    }

    #[test]
    fn text_glued_behind_a_reference_is_swallowed() {
        assert_eq!(substituted("%$result[get][ID]%"), Value::from("%5"));
        assert_eq!(substituted("a $result[get][ID] b"), Value::from("a 5 b"));
        assert_eq!(
            substituted("$result[get][ID],$result[add]"),
            Value::from("5"),
            "the second is part of the first's path"
        );
    }

    #[test]
    fn two_references_need_a_space_between() {
        assert_eq!(substituted("$result[get][ID] $result[add]"), Value::from("5 6"));
    }

    #[test]
    fn other_types_stay_literal_inside_text() {
        assert_eq!(substituted("a $result[get] b"), Value::from("a $result[get] b"));
        assert_eq!(substituted("a $result[flag] b"), Value::from("a $result[flag] b"));
    }

    #[test]
    fn the_name_is_found_in_any_case_but_looked_up_in_lower() {
        assert_eq!(substituted("$Result[get][ID]"), Value::Null);
    }

    #[test]
    fn a_bare_reference_and_plain_money_stay_literal() {
        for text in ["$result", "$5", "100 $", "$results"] {
            assert_eq!(substituted(text), Value::text(text), "{text}");
        }
    }

    #[test]
    fn nested_values_are_walked_and_keys_are_not() {
        let params = map! { "$result[get][ID]" => map! { "=ID" => "$result[get][ID]" } };
        let got = gathered().substitute(&params, &mut Budget::new()).expect("memory enough");
        let inner = got.get("$result[get][ID]").and_then(Value::as_array).expect("the key stays");
        assert_eq!(inner.get("=ID"), Some(&Value::from("5")));
    }

    #[test]
    fn a_text_that_holds_its_own_reference_grows_only_so_far() {
        let own = "$result[t] ".repeat(4);
        let gathered = Gathered { result: map! { "t" => own.clone() }, ..Gathered::default() };
        let substituted = gathered.substitute_text(&own.repeat(16), 1, &mut Budget::new());
        assert_eq!(substituted, Err(Exhausted));
    }
}
