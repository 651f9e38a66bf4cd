//! `tasks.task.*` of v3.
//!
//! <https://apidocs.bitrix24.com/api-reference/rest-v3/tasks/index.html>

use super::Call;
use super::crm::{stamp_changed, stamp_new, tell_task};
use super::dto::{Dto, Field, PLAIN, Relation, read_id};
use super::list3::{self, Select};
use super::world::World;
use crate::engine::error::Trouble;
use crate::event::catalog::Change;
use crate::php::number;
use crate::store::table::Row;
use crate::store::{Column, Kind};
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Trouble>;

const fn field(name: &'static str, column: &'static str) -> Field {
    Field { name, column, editable: true, ..PLAIN }
}

const STATUS: &[(i64, &str)] =
    &[(2, "pending"), (3, "in_progress"), (4, "supposedly_completed"), (5, "completed"), (6, "deferred")];
const PRIORITY: &[(i64, &str)] = &[(0, "low"), (1, "average"), (2, "high")];

/// A task.
pub(crate) static TASK: Dto = Dto {
    name: "TaskDto",
    table: |world| &world.tasks,
    lists_ids_only: true,
    fields: &[
        // Of all fields only the id can be filtered and sorted by.
        Field { filterable: true, sortable: true, editable: false, ..field("id", "id") },
        Field { required: true, ..field("title", "title") },
        field("description", "description"),
        Field { required: true, ..field("creatorId", "createdBy") },
        Field { required: true, ..field("responsibleId", "responsibleId") },
        field("groupId", "groupId"),
        field("parentId", "parentId"),
        Field { words: STATUS, ..field("status", "status") },
        Field { words: PRIORITY, ..field("priority", "priority") },
        field("deadline", "deadline"),
        field("allowsChangeDeadline", "allowChangeDeadline"),
        Field { editable: false, ..field("created", "createdDate") },
        Field { editable: false, ..field("changed", "changedDate") },
        Field { editable: false, ..field("closed", "closedDate") },
    ],
    relations: &[
        Relation { name: "responsible", dto: "UserDto", via: "responsibleId", fields: PERSON, read: person },
        Relation { name: "creator", dto: "UserDto", via: "createdBy", fields: PERSON, read: person },
        Relation { name: "group", dto: "GroupDto", via: "groupId", fields: &["id", "name"], read: group },
    ],
};

const PERSON: &[&str] = &["id", "name", "email"];

fn person(world: &World, id: i64, field: &str) -> Value {
    if !world.users.contains(id) {
        return Value::Null;
    }
    let text = |name: &str| {
        let column = world.users.column(name);
        column.and_then(|column| world.users.value(id, column).to_text()).unwrap_or_default()
    };
    match field {
        "id" => Value::Int(id),
        "name" => Value::from(format!("{} {}", text("name"), text("lastName"))),
        other => Value::from(text(other)),
    }
}

fn group(_: &World, id: i64, field: &str) -> Value {
    match field {
        "id" => Value::Int(id),
        _ => Value::from(format!("Group {id}")),
    }
}

pub(crate) fn add(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let fields = read_fields(call)?;
    for field in TASK.fields.iter().filter(|field| field.required) {
        if !fields.get(field.name).is_some_and(Value::is_filled_scalar) {
            return Err(Trouble::dto_field(field.name, format!("Required field `{}` is not specified", field.name)));
        }
    }
    let mut row = read_row(world, fields)?;
    stamp_new(&mut row, world.tasks.columns, call);
    let id = world.tasks.add(row);
    tell_task(world, call, id, Change::Add);
    let select = Select::read(&TASK, None, false)?;
    Ok(map! { "item" => select.item(&TASK, world, id) }.into())
}

pub(crate) fn update(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let id = read_id(call.params)?;
    let mut row = read_row(world, read_fields(call)?)?;
    stamp_changed(&mut row, world.tasks.columns, call);
    if !world.tasks.update(id, row) {
        return Err(Trouble::not_found(id));
    }
    tell_task(world, call, id, Change::Update);
    Ok(list3::done())
}

pub(crate) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let id = read_id(call.params)?;
    if !world.tasks.delete(id) {
        return Err(Trouble::not_found(id));
    }
    tell_task(world, call, id, Change::Delete);
    Ok(list3::done())
}

fn read_fields<'a>(call: &Call<'a>) -> Result<&'a Array> {
    let fields = call.params.filled("fields").ok_or_else(|| Trouble::required("fields"))?;
    let fields = fields.as_array().ok_or_else(|| Trouble::wrong_type("fields", "object"))?;
    if fields.is_empty() { Err(Trouble::required("fields")) } else { Ok(fields) }
}

/// Checks what is to be written: unlike in `select`, an unknown name is an error here.
fn read_row(world: &World, fields: &Array) -> Result<Row> {
    let mut row = Row::new();
    for (name, value) in fields.iter() {
        let name = name.to_text();
        let field = TASK.field(&name).ok_or_else(|| Trouble::unknown_property(&name, TASK.name))?;
        if !field.editable {
            return Err(Trouble::dto_field(field.name, format!("Field `{}` cannot be written", field.name)));
        }
        let column = TASK.column(world, field)?;
        let wrong = || Trouble::dto_field(field.name, format!("Field `{}` has a value of the wrong type", field.name));
        let kept = if field.words.is_empty() {
            fits(column, value).then(|| column.kind.read(value)).ok_or_else(wrong)?
        } else {
            let word = field.words.iter().find(|(_, word)| value.as_str() == Some(word));
            Value::Int(word.map(|(number, _)| *number).ok_or_else(wrong)?)
        };
        row.insert(column.name, kept);
    }
    Ok(row)
}

/// v3 is typed: no text for a number, no number for a text.
fn fits(column: &Column, value: &Value) -> bool {
    match (column.kind, value) {
        (_, Value::Null) => true,
        (Kind::Int | Kind::Ref, value) => matches!(value, Value::Int(_)),
        (Kind::Money, value) => number::numeric(value).is_some(),
        (Kind::Flag, value) => matches!(value, Value::Bool(_)),
        (Kind::Text, value) => value.as_str().is_some(),
        (Kind::Moment, value) => !column.kind.read(value).is_null(),
        (Kind::Multi | Kind::Nested, value) => value.as_array().is_some(),
    }
}
