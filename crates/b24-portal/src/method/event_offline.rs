//! `event.offline.get`, `event.offline.clear`, `event.offline.error`, `event.offline.list`.
//!
//! <https://apidocs.bitrix24.com/api-reference/events/event-offline-get.html>

use std::cmp::Ordering;
use std::time::Duration;

use super::Call;
use super::event::{admin, client, missing};
use super::paging::PAGE;
use super::world::World;
use crate::config::Dialect;
use crate::engine::error::Refusal;
use crate::event::{Owner, Row};
use crate::php::{number, time};
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Refusal>;

const FIELDS: [&str; 4] = ["ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID"];
/// What the list can be asked for.
const LISTED: [&str; 6] = ["ID", "TIMESTAMP_X", "EVENT_NAME", "MESSAGE_ID", "PROCESS_ID", "ERROR"];
/// A text of the portal's length: anything else is no message id.
const MESSAGE_LENGTH: usize = 32;

pub(crate) fn get(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let owner = owner(call)?;
    let params = call.params.upper();
    let clear = params.filled("CLEAR").is_none_or(|clear| number::int(clear) != 0);
    if !clear && !world.events.extended {
        return Err(Refusal::wrong_license("extended offline events handling"));
    }
    let limit = params.filled("LIMIT").map_or(i64::try_from(PAGE).unwrap_or(50), number::int);
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0);
    let limit = limit.ok_or_else(|| Refusal::argument("LIMIT", "Value must be positive integer"))?;
    let filter = read_filter(params.filled("FILTER"), &FIELDS)?;
    let order = read_order(params.filled("ORDER"), &FIELDS, "TIMESTAMP_X")?;
    let error = params.filled("ERROR").is_some_and(|error| number::int(error) == 1);
    let resumed = process(&params);

    let mut rows = world.events.offline.rows(call.second(), &owner);
    let held = resumed.as_deref().unwrap_or_default();
    rows.retain(|row| row.process == held && row.error == error && filter.iter().all(|test| test.holds(row)));
    sort(&mut rows, &order);
    rows.truncate(limit);
    let told = !clear || resumed.is_some();
    let process = resumed.unwrap_or_else(|| {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        world.events.offline.reserve(&ids)
    });
    if clear && !rows.is_empty() {
        // All rows of the process, those too that were not asked for.
        world.events.offline.clear(&owner, &process, |_| true);
    }
    let shown: Array = rows.iter().map(show).collect();
    let process = if told { Value::from(process) } else { Value::Null };
    Ok(map! { "process_id" => process, "events" => shown }.into())
}

/// Of ids and message ids the documentation heeds the ids, and the server the message ids.
pub(crate) fn clear(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let owner = owner(call)?;
    let params = call.params.upper();
    let process = process(&params).ok_or_else(|| missing("PROCESS_ID"))?;
    let (ids, messages) = (params.filled("ID"), params.filled("MESSAGE_ID"));
    let by_id = ids.is_some() && (messages.is_none() || world.events.dialect == Dialect::Docs);
    match messages.filter(|_| !by_id) {
        Some(messages) => {
            let messages = read_messages(messages)?;
            if messages.iter().any(|message| message.chars().count() != MESSAGE_LENGTH) {
                return Err(wrong_messages());
            }
            world.events.offline.clear(&owner, &process, |row| messages.contains(&row.message));
        }
        None => {
            let wrong = || Refusal::argument("id", "Value must be array of integers");
            let ids = ids.map(|ids| ids.as_array().ok_or_else(wrong)).transpose()?;
            let ids: Option<Vec<i64>> = ids.map(|ids| ids.values().map(number::int).collect());
            if ids.as_ref().is_some_and(|ids| ids.iter().any(|id| *id <= 0)) {
                return Err(wrong());
            }
            world.events.offline.clear(&owner, &process, |row| ids.as_ref().is_none_or(|ids| ids.contains(&row.id)));
        }
    }
    Ok(true.into())
}

pub(crate) fn error(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let owner = owner(call)?;
    let params = call.params.upper();
    let process = process(&params).ok_or_else(|| missing("PROCESS_ID"))?;
    let messages = read_messages(params.get("MESSAGE_ID").unwrap_or(&Value::Null))?;
    world.events.offline.flag(&owner, &process, &messages);
    Ok(true.into())
}

pub(crate) fn list(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let owner = owner(call)?;
    let params = call.params.upper();
    let filter = read_filter(params.filled("FILTER"), &LISTED)?;
    let order = read_order(params.filled("ORDER"), &LISTED, "ID")?;
    let mut rows = world.events.offline.rows(call.second(), &owner);
    rows.retain(|row| filter.iter().all(|test| test.holds(row)));
    sort(&mut rows, &order);
    let start = usize::try_from(call.start.unwrap_or(0)).unwrap_or_default() / PAGE * PAGE;
    let page = rows.iter().skip(start).take(PAGE);
    let mut shown: Array = page
        .map(|row| {
            let mut shown = show(row);
            shown.set("PROCESS_ID", row.process.clone());
            shown.set("ERROR", if row.error { "1" } else { "0" });
            shown
        })
        .collect();
    let end = start + shown.len();
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    if end < rows.len() {
        shown.set("next", number(end));
    }
    shown.set("total", number(rows.len()));
    Ok(shown.into())
}

/// Whose queue it is. Only the administrator may look into it.
fn owner(call: &Call<'_>) -> Result<Owner> {
    let client = client(call)?.to_owned();
    admin(call, "")?;
    Ok(Owner { client, connector: call.caller.connector.clone() })
}

fn process(params: &Array) -> Option<String> {
    let process = params.filled("PROCESS_ID").and_then(Value::to_text);
    process.map(|process| process.trim().to_owned())
}

fn read_messages(messages: &Value) -> Result<Vec<String>> {
    let messages = messages.as_array().ok_or_else(wrong_messages)?;
    Ok(messages.values().filter_map(Value::to_text).map(|message| message.trim().to_owned()).collect())
}

fn wrong_messages() -> Refusal {
    Refusal::argument("message_id", "Value must be array of MESSAGE_ID values")
}

fn show(row: &Row) -> Array {
    let additional = row.user.map_or_else(Array::new, |user| map! { "user_id" => user });
    map! {
        "ID" => row.id.to_string(),
        "TIMESTAMP_X" => time::iso(Duration::from_secs(row.at.unsigned_abs())),
        "EVENT_NAME" => row.event.clone(),
        "EVENT_DATA" => row.data.clone(),
        "EVENT_ADDITIONAL" => additional,
        "MESSAGE_ID" => row.message.clone(),
    }
}

/// One condition of a filter.
struct Test {
    op: String,
    field: String,
    value: Value,
}

impl Test {
    fn holds(&self, row: &Row) -> bool {
        let kept = field(row, &self.field);
        match self.op.as_str() {
            "%" => kept.contains(&*self.value.to_text().unwrap_or_default()),
            "@" => match &self.value {
                Value::Array(values) => values.values().any(|value| compare(&self.field, &kept, value).is_eq()),
                value => compare(&self.field, &kept, value).is_eq(),
            },
            op => {
                let ordering = compare(&self.field, &kept, &self.value);
                match op {
                    ">" => ordering.is_gt(),
                    "<" => ordering.is_lt(),
                    ">=" => ordering.is_ge(),
                    "<=" => ordering.is_le(),
                    _ => ordering.is_eq(),
                }
            }
        }
    }
}

/// Unlike most families, this one refuses what it does not know.
fn read_filter(filter: Option<&Value>, fields: &[&str]) -> Result<Vec<Test>> {
    let Some(filter) = filter else { return Ok(Vec::new()) };
    let refused = |text: String| Refusal::new(400, "ERROR_ARGUMENT", text);
    let filter = filter.as_array().ok_or_else(|| refused("The filter is not an array.".to_owned()))?.upper();
    let tests = filter.iter().map(|(key, value)| {
        let key = key.to_text();
        let (op, field) = key.split_at(key.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(key.len()));
        if !["", "=", ">", "<", ">=", "<=", "@", "%"].contains(&op) {
            return Err(refused(format!("Filter operation not allowed: {op}")));
        }
        if !fields.contains(&field) {
            return Err(refused(format!("Filter field not allowed: {field}")));
        }
        Ok(Test { op: op.to_owned(), field: field.to_owned(), value: value.clone() })
    });
    tests.collect()
}

/// Fields, and whether downwards.
fn read_order(order: Option<&Value>, fields: &[&str], default: &str) -> Result<Vec<(String, bool)>> {
    let Some(order) = order else { return Ok(vec![(default.to_owned(), false)]) };
    let refused = |text: String| Refusal::new(400, "ERROR_ARGUMENT", text);
    let order = order.as_array().ok_or_else(|| refused("The order is not an array.".to_owned()))?.upper();
    let keys = order.iter().map(|(key, direction)| {
        let field = key.to_text().into_owned();
        if !fields.contains(&field.as_str()) {
            return Err(refused(format!("Order field not allowed: {field}")));
        }
        match direction.to_text().unwrap_or_default().to_ascii_uppercase().as_str() {
            "ASC" => Ok((field, false)),
            "DESC" => Ok((field, true)),
            _ => Err(refused("Order direction should be one of {ASC|DESC}".to_owned())),
        }
    });
    keys.collect()
}

fn sort(rows: &mut [Row], order: &[(String, bool)]) {
    rows.sort_by(|left, right| {
        let by_key = order.iter().map(|(name, descending)| {
            let ordering = compare(name, &field(left, name), &Value::from(field(right, name)));
            if *descending { ordering.reverse() } else { ordering }
        });
        by_key.into_iter().find(|ordering| ordering.is_ne()).unwrap_or_else(|| left.id.cmp(&right.id))
    });
}

/// What a row has in a field; a moment as its Unix second.
fn field(row: &Row, name: &str) -> String {
    match name {
        "ID" => row.id.to_string(),
        "TIMESTAMP_X" => row.at.to_string(),
        "EVENT_NAME" => row.event.clone(),
        "MESSAGE_ID" => row.message.clone(),
        "PROCESS_ID" => row.process.clone(),
        _ => i64::from(row.error).to_string(),
    }
}

fn compare(name: &str, kept: &str, wanted: &Value) -> Ordering {
    match name {
        "ID" | "ERROR" => kept.parse::<i64>().unwrap_or_default().cmp(&number::int(wanted)),
        "TIMESTAMP_X" => {
            let wanted = wanted.to_text().unwrap_or_default();
            let second = time::parse(&wanted).or_else(|| wanted.parse().ok()).unwrap_or_default();
            kept.parse::<i64>().unwrap_or_default().cmp(&second)
        }
        _ => kept.cmp(&wanted.to_text().unwrap_or_default()),
    }
}
