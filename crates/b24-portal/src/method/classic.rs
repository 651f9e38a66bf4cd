//! `crm.lead.*`, `crm.deal.*`, `crm.contact.*`, `crm.company.*`: UPPER names, texts for numbers, wrapping pages.
//!
//! <https://apidocs.bitrix24.com/api-reference/crm/deals/crm-deal-list.html>

use std::borrow::Cow;

use super::crm::{read_fields, stamp_changed, stamp_new, tell_entity};
use super::paging::{Page, Paging};
use super::world::{Entity, World};
use super::{Call, asked, multi};
use crate::engine::error::Refusal;
use crate::event::catalog::Change;
use crate::php::number;
use crate::store::{Column, Cond, Kind, Op, Order, Table};
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Refusal>;

pub(crate) fn list(world: &World, call: &Call<'_>, entity: Entity) -> Result<Value> {
    let table = world.entity(entity);
    let params = call.params.upper();
    let columns = read_select(table, params.get("SELECT"));
    let page = Page::read(
        table,
        read_filter(table, params.get("FILTER")),
        read_order(table, params.get("ORDER")),
        call,
        Paging::Wrapping,
    );
    let mut rows: Array = page.ids.iter().map(|id| row(table, *id, &columns)).collect();
    page.mark(&mut rows);
    Ok(rows.into())
}

pub(crate) fn get(world: &World, call: &Call<'_>, entity: Entity) -> Result<Value> {
    let table = world.entity(entity);
    let id = read_id(table, call)?;
    let columns: Vec<&Column> = table.columns.iter().collect();
    Ok(row(table, id, &columns).into())
}

pub(crate) fn add(world: &mut World, call: &Call<'_>, entity: Entity) -> Result<Value> {
    let table = world.entity_mut(entity);
    let params = call.params.upper();
    let fields = params.get("FIELDS").and_then(Value::as_array).ok_or_else(fields_missing)?;
    let mut row = read_fields(fields, |name| table.upper_column(name));
    multi::write(table, None, &mut row);
    stamp_new(&mut row, table.columns, call);
    let id = table.add(row);
    tell_entity(world, call, entity, id, Change::Add);
    Ok(id.into())
}

pub(crate) fn update(world: &mut World, call: &Call<'_>, entity: Entity) -> Result<Value> {
    let table = world.entity_mut(entity);
    let id = read_id(table, call)?;
    let params = call.params.upper();
    let fields = params.get("FIELDS").and_then(Value::as_array).ok_or_else(fields_missing)?;
    let mut row = read_fields(fields, |name| table.upper_column(name));
    multi::write(table, Some(id), &mut row);
    stamp_changed(&mut row, table.columns, call);
    let updated = table.update(id, row);
    tell_entity(world, call, entity, id, Change::Update);
    Ok(updated.into())
}

pub(crate) fn delete(world: &mut World, call: &Call<'_>, entity: Entity) -> Result<Value> {
    let table = world.entity_mut(entity);
    let id = read_id(table, call)?;
    let deleted = table.delete(id);
    tell_entity(world, call, entity, id, Change::Delete);
    Ok(deleted.into())
}

pub(crate) fn fields(world: &World, entity: Entity) -> Value {
    let mut fields = Array::new();
    for column in world.entity(entity).columns {
        fields.set(column.upper, describe(column, column.upper));
    }
    fields.into()
}

/// One entry of `*.fields`.
pub(crate) fn describe(column: &Column, title: &'static str) -> Array {
    map! {
        "type" => column.kind.type_name(),
        "isRequired" => false,
        "isReadOnly" => column.read_only,
        "isImmutable" => false,
        "isMultiple" => column.kind == Kind::Multi,
        "isDynamic" => column.is_user_field(),
        "title" => title,
    }
}

fn row(table: &Table, id: i64, columns: &[&Column]) -> Array {
    let mut row = Array::new();
    for column in columns {
        row.set(column.upper, column.kind.stringly(&table.value(id, column)));
    }
    row
}

fn read_id(table: &Table, call: &Call<'_>) -> Result<i64> {
    let id = call.params.upper().get("ID").map_or(0, number::int);
    if id <= 0 {
        return Err(Refusal::new(400, "", "ID is not defined or invalid."));
    }
    if !table.contains(id) {
        return Err(Refusal::new(400, "", "Not found"));
    }
    Ok(id)
}

fn fields_missing() -> Refusal {
    Refusal::new(400, "", "Parameter 'fields' must be array.")
}

/// The selected columns: `*` is everything but user fields and multi-fields, `UF_*` the user fields.
fn read_select(table: &Table, select: Option<&Value>) -> Vec<&'static Column> {
    let names: Vec<String> = match select {
        Some(Value::Array(names)) if !names.is_empty() => {
            names.values().filter_map(Value::to_text).map(Cow::into_owned).collect()
        }
        _ => vec!["*".to_owned()],
    };
    let wanted = |column: &Column| {
        names.iter().any(|name| match name.as_str() {
            "*" => !column.is_user_field() && column.kind != Kind::Multi,
            "UF_*" => column.is_user_field(),
            name => name == column.upper,
        })
    };
    table.columns.iter().filter(|column| wanted(column)).collect()
}

/// The filter. A key it does not know (a typo, the wrong case) is dropped silently, and everything is returned.
pub(crate) fn read_filter(table: &Table, filter: Option<&Value>) -> Cond {
    asked::filter(filter, |name| table.upper_column(name), exact)
}

/// Dictionary and relation fields know no patterns: `%` becomes `=`.
fn exact(op: Op, column: &Column) -> Op {
    let dictionary = matches!(
        column.upper,
        "STAGE_ID" | "STATUS_ID" | "SOURCE_ID" | "TYPE_ID" | "COMPANY_TYPE" | "INDUSTRY" | "COMPANY_ID" | "CONTACT_ID"
    );
    match op {
        Op::Contains | Op::Like if dictionary => Op::In,
        Op::Lacks | Op::Unlike if dictionary => Op::NotIn,
        op => op,
    }
}

pub(crate) fn read_order(table: &Table, order: Option<&Value>) -> Vec<Order> {
    asked::order(order, |name| table.upper_column(name))
}
