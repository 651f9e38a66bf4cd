//! `crm.item.*`: one controller for every CRM type, camelCase names, typed values.
//!
//! <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-list.html>

use super::Call;
use super::classic::describe;
use super::crm::{read_fields, stamp_changed, stamp_new, tell};
use super::paging::{Page, Paging};
use super::world::World;
use crate::engine::error::Refusal;
use crate::event::catalog::Change;
use crate::php::number;
use crate::store::{Column, Cond, Kind, Op, Order, Table};
use crate::value::{Array, Key, Value, map};

type Result<T> = std::result::Result<T, Refusal>;

pub(crate) fn list(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = table(world, call)?;
    let names = Names::of(call);
    let filter = match call.params.get("filter").and_then(Value::as_array) {
        Some(filter) => read_group(table, names, filter)?,
        None => Cond::everything(),
    };
    let order = read_order(table, names, call.params.get("order"))?;
    let page = Page::read(table, filter, order, call, Paging::Flooring);
    let columns = read_select(table, names, call.params.get("select"));
    let items: Vec<Array> = page.ids.iter().map(|id| item(table, *id, &columns, names)).collect();
    let mut result = map! { "items" => items };
    page.mark(&mut result);
    Ok(result.into())
}

pub(crate) fn get(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = table(world, call)?;
    let id = read_id(table, call)?;
    Ok(answer(table, id, call))
}

pub(crate) fn add(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let names = Names::of(call);
    let table = table_mut(world, call)?;
    let fields =
        call.params.get("fields").and_then(Value::as_array).ok_or_else(|| Refusal::missing_parameter("fields"))?;
    let mut row = read_fields(fields, |name| names.find(table, name));
    stamp_new(&mut row, table.columns, call);
    let id = table.add(row);
    let answer = answer(table, id, call);
    tell(world, call, entity_type(call)?, id, Change::Add);
    Ok(answer)
}

pub(crate) fn update(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let names = Names::of(call);
    let table = table_mut(world, call)?;
    let id = read_id(table, call)?;
    let fields =
        call.params.get("fields").and_then(Value::as_array).ok_or_else(|| Refusal::missing_parameter("fields"))?;
    let mut row = read_fields(fields, |name| names.find(table, name));
    stamp_changed(&mut row, table.columns, call);
    table.update(id, row);
    let answer = answer(table, id, call);
    tell(world, call, entity_type(call)?, id, Change::Update);
    Ok(answer)
}

pub(crate) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = table_mut(world, call)?;
    let id = read_id(table, call)?;
    table.delete(id);
    tell(world, call, entity_type(call)?, id, Change::Delete);
    Ok(Value::empty())
}

pub(crate) fn fields(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let names = Names::of(call);
    let mut fields = Array::new();
    for column in table(world, call)?.columns {
        let mut field = describe(column, column.upper);
        field.set("upperName", column.upper);
        fields.set(names.print(column), field);
    }
    Ok(map! { "fields" => fields }.into())
}

/// How user fields are spelled: `ufCrmMark`, or `UF_CRM_MARK` with `useOriginalUfNames=Y`.
#[derive(Clone, Copy, Debug)]
struct Names {
    original: bool,
}

impl Names {
    fn of(call: &Call<'_>) -> Self {
        Self { original: call.params.get("useOriginalUfNames").and_then(Value::as_str) == Some("Y") }
    }

    fn print(self, column: &Column) -> &'static str {
        if self.original && column.is_user_field() { column.upper } else { column.name }
    }

    fn find(self, table: &Table, name: &str) -> Option<&'static Column> {
        table.columns.iter().find(|column| self.print(column) == name && column.kind != Kind::Multi)
    }
}

fn answer(table: &Table, id: i64, call: &Call<'_>) -> Value {
    let columns: Vec<&Column> = table.columns.iter().collect();
    map! { "item" => item(table, id, &columns, Names::of(call)) }.into()
}

fn item(table: &Table, id: i64, columns: &[&Column], names: Names) -> Array {
    let mut item = Array::new();
    for column in columns.iter().filter(|column| column.kind != Kind::Multi) {
        item.set(names.print(column), column.kind.typed(&table.value(id, column)));
    }
    item
}

fn entity_type(call: &Call<'_>) -> Result<i64> {
    call.params.filled("entityTypeId").map(number::int).ok_or_else(|| Refusal::missing_parameter("entityTypeId"))
}

fn table<'w>(world: &'w World, call: &Call<'_>) -> Result<&'w Table> {
    world.crm(entity_type(call)?).ok_or_else(unknown_type)
}

fn table_mut<'w>(world: &'w mut World, call: &Call<'_>) -> Result<&'w mut Table> {
    world.crm_mut(entity_type(call)?).ok_or_else(unknown_type)
}

fn unknown_type() -> Refusal {
    Refusal::new(400, "NOT_FOUND", "Smart process not found")
}

fn read_id(table: &Table, call: &Call<'_>) -> Result<i64> {
    let id = call.params.filled("id").map(number::int).ok_or_else(|| Refusal::missing_parameter("id"))?;
    if !table.contains(id) {
        return Err(Refusal::new(400, "NOT_FOUND", "Item was not found"));
    }
    Ok(id)
}

/// No `select`, or one with `*`, is everything; unknown names are dropped.
fn read_select(table: &Table, names: Names, select: Option<&Value>) -> Vec<&'static Column> {
    let wanted: Vec<&str> = match select.and_then(Value::as_array) {
        Some(select) if !select.is_empty() => select.values().filter_map(Value::as_str).collect(),
        _ => vec!["*"],
    };
    let all = wanted.contains(&"*");
    table.columns.iter().filter(|column| all || wanted.contains(&names.print(column))).collect()
}

/// A group of conditions: `{"logic": "OR", "0": {…}, "1": {…}}`, or without `logic` all of them.
fn read_group(table: &Table, names: Names, group: &Array) -> Result<Cond> {
    let mut conds = Vec::new();
    let mut any = false;
    for (key, value) in group.iter() {
        let cond = match (key, value) {
            (Key::Str(key), value) if key.eq_ignore_ascii_case("logic") => {
                any = value.as_str().is_some_and(|logic| logic.eq_ignore_ascii_case("or"));
                continue;
            }
            (Key::Int(_), Value::Array(inner)) => read_group(table, names, inner)?,
            (key, value) => read_test(table, names, &key.to_text(), value)?,
        };
        conds.push(cond);
    }
    Ok(if any { Cond::Any(conds) } else { Cond::All(conds) })
}

/// Unlike the older CRM methods, an unknown field is an error here.
fn read_test(table: &Table, names: Names, key: &str, value: &Value) -> Result<Cond> {
    let (op, name) = Op::split(key);
    let column = names.find(table, name).ok_or_else(|| {
        Refusal::new(400, "INVALID_ARG_VALUE", format!("Invalid filter: field '{name}' is not allowed in filter"))
    })?;
    Ok(Cond::test(column, op, value))
}

fn read_order(table: &Table, names: Names, order: Option<&Value>) -> Result<Vec<Order>> {
    let Some(order) = order.and_then(Value::as_array) else { return Ok(Vec::new()) };
    order
        .iter()
        .map(|(key, direction)| {
            let name = key.to_text();
            let column = names.find(table, &name).ok_or_else(|| {
                Refusal::new(400, "INVALID_ARG_VALUE", format!("Invalid order: field '{name}' is not allowed in order"))
            })?;
            let descending = read_direction(&name, direction)?;
            Ok(Order { column, descending })
        })
        .collect()
}

fn read_direction(name: &str, direction: &Value) -> Result<bool> {
    let direction = direction.to_text().unwrap_or_default();
    match direction.to_ascii_uppercase().as_str() {
        "ASC" => Ok(false),
        "DESC" => Ok(true),
        _ => {
            let text = format!(
                "Invalid order: allowed sort directions are `ASC, DESC`. But got '{direction}' for field '{name}'"
            );
            Err(Refusal::new(400, "INVALID_ARG_VALUE", text))
        }
    }
}
