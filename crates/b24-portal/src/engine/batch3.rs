//! `batch` of v3: items in order, typed references between them, the first error is the whole answer.
//!
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use std::time::Duration;

use super::Engine;
use super::auth::Caller;
use super::budget::{Budget, Failure};
use super::error::Trouble;
use crate::method::{Method3, Run3};
use crate::value::{Array, Value};

/// One item, with its method already found.
struct Item<'a> {
    method: &'static Method3,
    query: &'a Array,
    alias: String,
}

impl Engine {
    pub(super) fn run_batch3(
        &mut self,
        now: Duration,
        body: &Array,
        caller: &Caller,
    ) -> Result<(Value, Duration), Failure<Trouble>> {
        let items = self.read_items(body)?;
        let mut budget = Budget::new();
        let mut context = Array::new();
        let mut results = Array::new();
        let mut spent = self.cost("batch", 0);
        for item in items {
            if !caller.has_scope(item.method.scope) {
                return Err(Trouble::insufficient_scope().into());
            }
            let query = resolve_all(item.query, &context, 1, &mut budget)?;
            // An error hides all results, but what earlier items did stays done.
            let (value, cost) = self.run_item(now, item.method, &query, caller)?;
            spent = spent.saturating_add(cost);
            remember(&mut context, item.alias, &value);
            results.push(value);
        }
        Ok((results.into(), spent))
    }

    /// Checks the whole batch before anything runs.
    fn read_items<'a>(&self, body: &'a Array) -> Result<Vec<Item<'a>>, Trouble> {
        let refused = || Trouble::invalid_select(&body.clone().into());
        if body.is_empty() || !body.is_list() {
            return Err(refused());
        }
        let mut items: Vec<Item<'a>> = Vec::new();
        for (index, entry) in body.values().enumerate() {
            let entry = entry.as_array().ok_or_else(refused)?;
            let name = entry.get("method").and_then(Value::as_str).ok_or_else(refused)?;
            let query = entry.get("query").and_then(Value::as_array).ok_or_else(refused)?;
            let alias = match entry.filled("as") {
                Some(alias) => alias.to_text().ok_or_else(refused)?.into_owned(),
                None => index.to_string(),
            };
            if items.iter().any(|item| item.alias == alias) {
                return Err(refused());
            }
            let method = self.find_v3(name, 400)?;
            // A batch in a batch, for one.
            if !matches!(method.run, Run3::Plain(_)) {
                return Err(Trouble::method_not_found(name, 400));
            }
            items.push(Item { method, query, alias });
        }
        Ok(items)
    }
}

/// Keeps what later items may refer to: the content of `item` or `items`, when there is any.
fn remember(context: &mut Array, alias: String, value: &Value) {
    let content = value.as_array().and_then(|value| value.filled("item").or_else(|| value.filled("items")));
    if let Some(content) = content.filter(|content| content.is_truthy()) {
        context.set(alias, content.clone());
    }
}

type Resolved<T> = Result<T, Failure<Trouble>>;

/// `depth` counts the arrays around the values, `query` itself included.
fn resolve_all(query: &Array, context: &Array, depth: usize, budget: &mut Budget) -> Resolved<Array> {
    let mut resolved = Array::new();
    for (key, value) in query.iter() {
        resolved.set(key.clone(), resolve(value, context, depth, budget)?);
    }
    Ok(resolved)
}

fn resolve(value: &Value, context: &Array, depth: usize, budget: &mut Budget) -> Resolved<Value> {
    let Some(array) = value.as_array() else { return Ok(value.clone()) };
    let broken = || Trouble::invalid_select(value);
    let path = |name| (array.len() == 1).then(|| array.get(name)).flatten();
    if let Some(path) = path("$ref") {
        let path = path.as_str().ok_or_else(broken)?;
        let target = follow(context, path.split('.')).ok_or_else(broken)?;
        budget.copy(depth, target)?;
        return Ok(target.clone());
    }
    if let Some(path) = path("$refArray") {
        let (alias, field) = path.as_str().and_then(|path| path.split_once('.')).ok_or_else(broken)?;
        let rows = context.get(alias).and_then(Value::as_array).ok_or_else(broken)?;
        // A single item is a column of one.
        let rows: Option<Vec<&Array>> =
            if rows.is_list() { rows.values().map(Value::as_array).collect() } else { Some(vec![rows]) };
        let mut column = Array::new();
        for row in rows.ok_or_else(broken)? {
            let target = follow(row, field.split('.')).ok_or_else(broken)?;
            budget.copy(depth + 1, target)?;
            column.push(target.clone());
        }
        return Ok(column.into());
    }
    resolve_all(array, context, depth + 1, budget).map(Value::Array)
}

/// Walks a dotted path; nothing and null are the same.
fn follow<'a>(root: &'a Array, mut path: impl Iterator<Item = &'a str>) -> Option<&'a Value> {
    let first = root.filled(path.next()?)?;
    path.try_fold(first, |at, key| at.as_array()?.filled(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::map;

    fn context() -> Array {
        map! {
            "t" => map! { "id" => 5_i64, "group" => map! { "id" => 2_i64 }, "none" => Value::Null },
            "l" => vec![map! { "id" => 1_i64 }, map! { "id" => 2_i64 }],
        }
    }

    fn resolved(name: &'static str, path: &'static str) -> Option<Value> {
        resolve(&map! { name => path }.into(), &context(), 1, &mut Budget::new()).ok()
    }

    #[test]
    fn references_are_typed_and_need_no_item_in_their_path() {
        for (path, want) in [
            ("t.id", Some(Value::Int(5))),
            ("t.group.id", Some(Value::Int(2))),
            ("l.1.id", Some(Value::Int(2))),
            ("t.item.id", None),
            ("t.none", None),
            ("nope.id", None),
        ] {
            assert_eq!(resolved("$ref", path), want, "{path}");
        }
    }

    #[test]
    fn a_column_is_collected_and_an_empty_list_has_none() {
        assert_eq!(resolved("$refArray", "l.id"), Some(Value::from(vec![1_i64, 2])));
        let mut context = context();
        remember(&mut context, "empty".into(), &map! { "items" => Value::empty() }.into());
        assert!(resolve(&map! { "$refArray" => "empty.id" }.into(), &context, 1, &mut Budget::new()).is_err());
    }

    #[test]
    fn ids_of_added_rows_cannot_be_referred_to() {
        let mut context = Array::new();
        remember(&mut context, "a".into(), &map! { "id" => 7_i64 }.into());
        assert!(resolve(&map! { "$ref" => "a.id" }.into(), &context, 1, &mut Budget::new()).is_err());
    }
}
