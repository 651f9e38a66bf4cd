//! What all v3 objects share: `select`, `order`, `pagination`, `cursor`, and the lists made of them.
//!
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use super::Call;
use super::dto::{Dto, Field, Relation, read_id};
use super::filter3;
use super::world::World;
use crate::engine::error::Trouble;
use crate::php::number;
use crate::store::{Cond, Op, Order, Query};
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Trouble>;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 1000;

/// `*.list`
pub(crate) fn list(dto: &Dto, world: &World, call: &Call<'_>) -> Result<Value> {
    let select = Select::read(dto, call.params.get("select"), dto.lists_ids_only)?;
    let filter = filter3::read(dto, world, call.params.get("filter"))?;
    let order = read_order(dto, world, call.params.get("order"))?;
    let (limit, offset) = read_pagination(call.params.get("pagination"))?;
    let query = Query { filter, order, offset, limit };
    Ok(answer(dto, world, &select, &query))
}

/// `*.tail`: rows after a cursor, strictly.
pub(crate) fn tail(dto: &Dto, world: &World, call: &Call<'_>) -> Result<Value> {
    let select = Select::read(dto, call.params.get("select"), dto.lists_ids_only)?;
    let cursor = Cursor::read(call.params.get("cursor"))?;
    // Two conditions on the cursor's field would contradict each other.
    if filter3::mentions(call.params.get("filter"), &cursor.field) {
        let text = format!("Cursor field {} cannot be used at filter.", cursor.field);
        return Err(Trouble::invalid_filter(&Value::from(text)));
    }
    let filter = filter3::read(dto, world, call.params.get("filter"))?;
    let field = dto.field(&cursor.field).ok_or_else(|| Trouble::unknown_property(&cursor.field, dto.name))?;
    let column = dto.column(world, field)?;
    let op = if cursor.descending { Op::Less } else { Op::Greater };
    let query = Query {
        filter: Cond::All(vec![filter, Cond::test(column, op, &cursor.value)]),
        order: vec![Order { column, descending: cursor.descending }],
        offset: 0,
        limit: cursor.limit,
    };
    Ok(answer(dto, world, &select, &query))
}

/// `*.get`
pub(crate) fn get(dto: &Dto, world: &World, call: &Call<'_>) -> Result<Value> {
    let id = read_id(call.params)?;
    let select = Select::read(dto, call.params.get("select"), false)?;
    if !(dto.table)(world).contains(id) {
        return Err(Trouble::not_found(id));
    }
    Ok(map! { "item" => select.item(dto, world, id) }.into())
}

/// `*.field.list`: the fields as rows, of which `select` may ask for some columns.
pub(crate) fn field_list(dto: &Dto, world: &World, call: &Call<'_>) -> Result<Value> {
    let rows = dto.describe(world).into_iter().map(|row| described(row, call)).collect::<Result<Vec<Array>>>()?;
    Ok(map! { "items" => rows }.into())
}

/// `*.field.get`
pub(crate) fn field_get(dto: &Dto, world: &World, call: &Call<'_>) -> Result<Value> {
    let name = call.params.filled("name").and_then(Value::as_str).ok_or_else(|| Trouble::required("name"))?;
    let field = dto.field(name).ok_or_else(|| Trouble::field_not_found(name))?;
    Ok(map! { "item" => described(dto.describe_field(world, field), call)? }.into())
}

/// The selected part of a field's description. Unlike in other objects, an unknown name is an error here.
fn described(row: Array, call: &Call<'_>) -> Result<Array> {
    let Some(select) = call.params.filled("select") else { return Ok(row) };
    let broken = || Trouble::invalid_select(select);
    let mut part = Array::new();
    for name in select.as_array().filter(|names| names.is_list()).ok_or_else(broken)?.values() {
        let name = name.as_str().ok_or_else(broken)?;
        let value = row.get(name).ok_or_else(|| Trouble::unknown_property(name, "DtoFieldDto"))?;
        part.set(name.to_owned(), value.clone());
    }
    Ok(part)
}

/// What an action answers that has nothing else to say.
pub(crate) fn done() -> Value {
    map! { "result" => true }.into()
}

fn answer(dto: &Dto, world: &World, select: &Select, query: &Query) -> Value {
    let ids = query.page((dto.table)(world));
    let items: Vec<Array> = ids.into_iter().map(|id| select.item(dto, world, id)).collect();
    map! { "items" => items }.into()
}

/// What of each object is wanted.
#[derive(Debug)]
pub(crate) struct Select {
    fields: Vec<&'static Field>,
    related: Vec<(&'static Relation, Vec<&'static str>)>,
}

impl Select {
    /// Unknown fields of the object itself are dropped silently, unknown fields of a relation are an error.
    pub(crate) fn read(dto: &Dto, select: Option<&Value>, ids_only: bool) -> Result<Self> {
        let mut wanted = Self { fields: Vec::new(), related: Vec::new() };
        let Some(select) = select.filter(|select| !select.is_null()) else {
            wanted.fields = dto.fields.iter().filter(|field| !ids_only || field.name == "id").collect();
            return Ok(wanted);
        };
        let broken = || Trouble::invalid_select(select);
        let names = select.as_array().filter(|names| names.is_list()).ok_or_else(broken)?;
        for name in names.values() {
            let name = name.as_str().ok_or_else(broken)?;
            match name.split_once('.') {
                Some((relation, field)) => wanted.relate(dto, relation, field)?,
                None => wanted.fields.extend(dto.field(name)),
            }
        }
        Ok(wanted)
    }

    fn relate(&mut self, dto: &Dto, relation: &str, field: &str) -> Result<()> {
        let relation = dto.relation(relation).ok_or_else(|| Trouble::unknown_property(relation, dto.name))?;
        let unknown = || Trouble::unknown_property(field, relation.dto);
        let field = relation.fields.iter().copied().find(|known| *known == field).ok_or_else(unknown)?;
        match self.related.iter_mut().find(|(known, _)| known.name == relation.name) {
            Some((_, fields)) => fields.push(field),
            None => self.related.push((relation, vec![field])),
        }
        Ok(())
    }

    pub(crate) fn item(&self, dto: &Dto, world: &World, id: i64) -> Array {
        let mut item = Array::new();
        for field in &self.fields {
            item.set(field.name, dto.value(world, id, field));
        }
        let table = (dto.table)(world);
        for (relation, fields) in &self.related {
            let other = table.column(relation.via).map_or(0, |column| number::int(&table.value(id, column)));
            let related = if other == 0 {
                Value::Null
            } else {
                let mut related = Array::new();
                for field in fields {
                    related.set(*field, (relation.read)(world, other, field));
                }
                related.into()
            };
            item.set(relation.name, related);
        }
        item
    }
}

fn read_order(dto: &Dto, world: &World, order: Option<&Value>) -> Result<Vec<Order>> {
    let order = match order {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(order) => order,
    };
    let broken = || Trouble::invalid_order(order);
    let mut keys = Vec::new();
    for (name, direction) in order.as_array().ok_or_else(broken)?.iter() {
        let name = name.to_text();
        let descending = read_direction(direction).ok_or_else(broken)?;
        let field = dto.field(&name).ok_or_else(|| Trouble::unknown_property(&name, dto.name))?;
        if !field.sortable {
            return Err(broken());
        }
        keys.push(Order { column: dto.column(world, field)?, descending });
    }
    Ok(keys)
}

/// Whether a direction is descending; nothing when it is no direction.
fn read_direction(direction: &Value) -> Option<bool> {
    match direction.as_str()?.to_ascii_uppercase().as_str() {
        "ASC" => Some(false),
        "DESC" => Some(true),
        _ => None,
    }
}

/// Limit and offset. A limit above the maximum becomes the maximum without a word; `page` beats `offset`. Pages count from
/// 1; page 0, which the official SDK asks for, is the first one, too.
fn read_pagination(pagination: Option<&Value>) -> Result<(usize, usize)> {
    let pagination = match pagination {
        None | Some(Value::Null) => return Ok((size(DEFAULT_LIMIT), 0)),
        Some(pagination) => pagination,
    };
    let broken = || Trouble::invalid_pagination(pagination);
    let parts = pagination.as_array().ok_or_else(broken)?;
    let part = |name: &str, least: i64| match parts.filled(name) {
        None => Ok(None),
        Some(value) => number::strict_int(value).filter(|number| *number >= least).map(Some).ok_or_else(broken),
    };
    let limit = part("limit", 1)?.unwrap_or(DEFAULT_LIMIT).min(MAX_LIMIT);
    let offset = part("offset", 0)?.unwrap_or(0);
    let offset = part("page", 0)?.map_or(offset, |page| (page - 1).max(0).saturating_mul(limit));
    Ok((size(limit), size(offset)))
}

/// Where a tail goes on.
#[derive(Debug)]
struct Cursor {
    field: String,
    value: Value,
    descending: bool,
    limit: usize,
}

impl Cursor {
    /// Without a cursor: from id 0 upwards. With one, its field and value are required.
    fn read(cursor: Option<&Value>) -> Result<Self> {
        let cursor = match cursor {
            None | Some(Value::Null) => {
                return Ok(Self {
                    field: "id".into(),
                    value: Value::Int(0),
                    descending: false,
                    limit: size(DEFAULT_LIMIT),
                });
            }
            Some(cursor) => cursor,
        };
        let parts = cursor.as_array().ok_or_else(|| Trouble::wrong_type("cursor", "object"))?;
        let field = parts.filled("field").and_then(Value::as_str).ok_or_else(|| Trouble::required("cursor.field"))?;
        let value = parts.filled("value").ok_or_else(|| Trouble::required("cursor.value"))?;
        let descending = match parts.filled("order") {
            None => false,
            Some(direction) => read_direction(direction).ok_or_else(|| Trouble::invalid_order(direction))?,
        };
        let limit = match parts.filled("limit") {
            None => DEFAULT_LIMIT,
            Some(limit) => number::strict_int(limit)
                .filter(|limit| *limit > 0)
                .ok_or_else(|| Trouble::invalid_pagination(cursor))?,
        };
        Ok(Self { field: field.to_owned(), value: value.clone(), descending, limit: size(limit.min(MAX_LIMIT)) })
    }
}

fn size(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}
