//! `tasks.task.*` of v2: asked in UPPER, answered in camelCase, ids as texts.
//!
//! <https://apidocs.bitrix24.com/api-reference/tasks/tasks-task-list.html>

use super::crm::{read_fields, stamp_changed, stamp_new, tell_task};
use super::paging::{Page, Paging};
use super::world::World;
use super::{Call, classic};
use crate::engine::error::Refusal;
use crate::event::catalog::Change;
use crate::php::number;
use crate::store::{Column, Order, Table};
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Refusal>;

pub(crate) fn list(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = &world.tasks;
    let columns = read_select(table, call.params.get("select"));
    let filter = classic::read_filter(table, call.params.get("filter"));
    let page = Page::read(table, filter, read_order(table, call.params.get("order")), call, Paging::Flooring);
    let tasks: Vec<Array> = page.ids.iter().map(|id| task(table, *id, &columns)).collect();
    let mut result = map! { "tasks" => tasks };
    page.mark(&mut result);
    Ok(result.into())
}

pub(crate) fn get(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let id = read_id(&world.tasks, call)?;
    let columns = read_select(&world.tasks, call.params.get("select"));
    Ok(map! { "task" => task(&world.tasks, id, &columns) }.into())
}

pub(crate) fn add(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = &mut world.tasks;
    let fields = read_written(call)?;
    for (name, text) in
        [("TITLE", "Task name is not specified."), ("RESPONSIBLE_ID", "Responsible person is not specified.")]
    {
        if !fields.get(name).is_some_and(Value::is_truthy) {
            return Err(Refusal::new(400, "ERROR_CORE", text));
        }
    }
    let mut row = read_fields(&fields, |name| table.upper_column(name));
    stamp_new(&mut row, table.columns, call);
    let id = table.add(row);
    tell_task(world, call, id, Change::Add);
    Ok(answer(&world.tasks, id))
}

pub(crate) fn update(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = &mut world.tasks;
    let id = read_id(table, call)?;
    let mut row = read_fields(&read_written(call)?, |name| table.upper_column(name));
    stamp_changed(&mut row, table.columns, call);
    table.update(id, row);
    tell_task(world, call, id, Change::Update);
    Ok(answer(&world.tasks, id))
}

pub(crate) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let id = read_id(&world.tasks, call)?;
    let deleted = world.tasks.delete(id);
    tell_task(world, call, id, Change::Delete);
    Ok(map! { "task" => deleted }.into())
}

pub(crate) fn get_fields(world: &mut World, _: &Call<'_>) -> Result<Value> {
    let mut fields = Array::new();
    for column in world.tasks.columns {
        fields.set(column.upper, map! { "title" => column.upper, "type" => column.kind.type_name() });
    }
    Ok(map! { "fields" => fields }.into())
}

fn answer(table: &Table, id: i64) -> Value {
    let columns: Vec<&Column> = table.columns.iter().collect();
    map! { "task" => task(table, id, &columns) }.into()
}

fn task(table: &Table, id: i64, columns: &[&Column]) -> Array {
    let mut task = Array::new();
    for column in columns {
        let kept = table.value(id, column);
        // Numbers are texts, but what is not there is null.
        let shown = if kept.is_null() { kept } else { column.kind.stringly(&kept) };
        task.set(column.name, shown);
    }
    task
}

fn read_id(table: &Table, call: &Call<'_>) -> Result<i64> {
    let id = call.params.filled("taskId").map(number::int).ok_or_else(|| Refusal::missing_parameter("taskId"))?;
    if !table.contains(id) {
        return Err(Refusal::new(400, "1048582", "Task not found or access denied"));
    }
    Ok(id)
}

fn read_written(call: &Call<'_>) -> Result<Array> {
    let fields =
        call.params.get("fields").and_then(Value::as_array).ok_or_else(|| Refusal::missing_parameter("fields"))?;
    Ok(fields.upper())
}

/// The id is always there, asked for or not.
fn read_select(table: &Table, select: Option<&Value>) -> Vec<&'static Column> {
    let wanted: Vec<&str> = match select.and_then(Value::as_array) {
        Some(select) if !select.is_empty() => select.values().filter_map(Value::as_str).collect(),
        _ => vec!["*"],
    };
    let all = wanted.contains(&"*");
    table.columns.iter().filter(|column| all || column.is_id() || wanted.contains(&column.upper)).collect()
}

/// The newest task first, unless told otherwise.
fn read_order(table: &Table, order: Option<&Value>) -> Vec<Order> {
    let mut keys = classic::read_order(table, order);
    if keys.is_empty() {
        keys.extend(table.upper_column("ID").map(|column| Order { column, descending: true }));
    }
    keys
}
