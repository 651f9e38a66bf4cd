//! `catalog.product.*`: a controller that wants to be told what every caller knows.
//!
//! <https://apidocs.bitrix24.com/api-reference/catalog/product/index.html>

use super::Call;
use super::crm::read_fields;
use super::world::World;
use crate::engine::error::Refusal;
use crate::php::number;
use crate::store::table::Row;
use crate::store::{Cond, Kind, Table};
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Refusal>;

/// `select` has to name the keys, and `filter` the information block.
pub(crate) fn list_is_complete(_: &World, params: &Array) -> Result<Cond> {
    let names = |name: &str| {
        let select = params.get("SELECT").and_then(Value::as_array);
        select.is_some_and(|select| select.values().any(|wanted| wanted.as_str() == Some(name)))
    };
    if !names("id") || !names("iblockId") {
        return Err(refused("Required select fields: id, iblockId"));
    }
    let filter = params.get("FILTER").and_then(Value::as_array);
    let block =
        |filter: &Array| filter.iter().any(|(key, _)| key.to_text().trim_start_matches(['=', '@']) == "iblockId");
    if filter.is_some_and(block) { Ok(Cond::everything()) } else { Err(refused("Required filter fields: iblockId")) }
}

pub(crate) fn get(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = &world.products;
    let id = read_id(table, call)?;
    Ok(map! { "product" => product(table, id) }.into())
}

pub(crate) fn add(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = &mut world.products;
    let fields = call.params.get("fields").and_then(Value::as_array);
    let fields = fields.ok_or_else(|| Refusal::missing_parameter("fields"))?;
    for name in ["iblockId", "name"] {
        if !fields.get(name).is_some_and(Value::is_filled_scalar) {
            return Err(refused(format!("Required fields: {name}")));
        }
    }
    let mut row = written(table, fields);
    let now = Value::Int(call.second());
    let user = Value::Int(call.caller.user);
    row.extend([("dateCreate", now.clone()), ("timestampX", now), ("createdBy", user.clone()), ("modifiedBy", user)]);
    let id = table.add(row);
    Ok(map! { "element" => product(table, id) }.into())
}

pub(crate) fn update(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = &mut world.products;
    let id = read_id(table, call)?;
    let fields = call.params.get("fields").and_then(Value::as_array);
    let mut row = written(table, fields.ok_or_else(|| Refusal::missing_parameter("fields"))?);
    row.extend([("timestampX", Value::Int(call.second())), ("modifiedBy", Value::Int(call.caller.user))]);
    table.update(id, row);
    Ok(map! { "element" => product(table, id) }.into())
}

pub(crate) fn delete(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let id = read_id(&world.products, call)?;
    Ok(world.products.delete(id).into())
}

fn product(table: &Table, id: i64) -> Array {
    let mut product = Array::new();
    for column in table.columns {
        product.set(column.name, column.kind.typed(&table.value(id, column)));
    }
    product
}

/// A property is written as a plain value or as `{"value": …}`, and has a number of its own from then on.
fn written(table: &Table, fields: &Array) -> Row {
    let mut row = read_fields(fields, |name| table.column(name));
    for column in table.columns.iter().filter(|column| column.kind == Kind::Nested) {
        if let Some(sent) = row.get_mut(column.name) {
            let value = sent.as_array().and_then(|sent| sent.get("value")).unwrap_or(sent).clone();
            *sent = map! { "value" => value, "valueId" => (1_000_000 + table.last_id()).to_string() }.into();
        }
    }
    row
}

fn read_id(table: &Table, call: &Call<'_>) -> Result<i64> {
    let id = call.params.filled("id").map(number::int).ok_or_else(|| Refusal::missing_parameter("id"))?;
    if table.contains(id) { Ok(id) } else { Err(refused("product does not exist.")) }
}

/// The catalogue's codes are numbers, not texts; 0 stands for everything without one of its own.
fn refused(text: impl Into<String>) -> Refusal {
    Refusal::new(400, Value::Int(0), text)
}
