//! Filters of v3: triples, shorthands and groups.
//!
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use super::dto::Dto;
use super::world::World;
use crate::engine::error::Trouble;
use crate::store::{Column, Cond, Op};
use crate::value::{Array, Value};

/// Reads `filter`: a list of conditions, all of which must hold.
pub(crate) fn read(dto: &Dto, world: &World, filter: Option<&Value>) -> Result<Cond, Trouble> {
    match filter {
        None | Some(Value::Null) => Ok(Cond::everything()),
        Some(Value::Array(filter)) if filter.is_list() => read_all(dto, world, filter).map(Cond::All),
        Some(Value::Array(group)) if group.get("conditions").is_some() => read_group(dto, world, group),
        // Among them the v2 style, `{">id": 1}`.
        Some(other) => Err(Trouble::invalid_filter(other)),
    }
}

/// Whether a filter names the field, at any depth of its groups.
pub(crate) fn mentions(filter: Option<&Value>, field: &str) -> bool {
    let Some(filter) = filter.and_then(Value::as_array) else { return false };
    if let Some(conditions) = filter.get("conditions") {
        return mentions(Some(conditions), field);
    }
    filter
        .values()
        .filter_map(Value::as_array)
        .any(|part| part.get_index(0).and_then(Value::as_str) == Some(field) || mentions(part.get("conditions"), field))
}

fn read_all(dto: &Dto, world: &World, conditions: &Array) -> Result<Vec<Cond>, Trouble> {
    conditions.values().map(|condition| read_one(dto, world, condition)).collect()
}

fn read_one(dto: &Dto, world: &World, condition: &Value) -> Result<Cond, Trouble> {
    let broken = || Trouble::invalid_filter(condition);
    let parts = condition.as_array().ok_or_else(broken)?;
    if !parts.is_list() {
        return read_group(dto, world, parts);
    }
    let parts: Vec<&Value> = parts.values().collect();
    let (field, op, value) = match parts[..] {
        // `[field, value]` is equality, or "one of" for a list.
        [field, value] => (field, Operator::Equals, value),
        [field, op, value] => (field, Operator::read(op)?, value),
        _ => return Err(broken()),
    };
    let name = field.as_str().ok_or_else(broken)?;
    let field = dto.field(name).ok_or_else(|| Trouble::unknown_property(name, dto.name))?;
    if !field.filterable {
        return Err(broken());
    }
    op.test(dto.column(world, field)?, value).ok_or_else(broken)
}

fn read_group(dto: &Dto, world: &World, group: &Array) -> Result<Cond, Trouble> {
    let broken = || Trouble::invalid_filter(&group.clone().into());
    let conditions =
        group.get("conditions").and_then(Value::as_array).filter(|list| list.is_list()).ok_or_else(broken)?;
    let conditions = read_all(dto, world, conditions)?;
    let logic = group.get("logic").map_or(Some("and"), Value::as_str).ok_or_else(broken)?;
    let cond = match logic.to_ascii_lowercase().as_str() {
        "and" => Cond::All(conditions),
        "or" => Cond::Any(conditions),
        _ => return Err(broken()),
    };
    let negative = group.get("negative").is_some_and(Value::is_truthy);
    Ok(if negative { Cond::Not(Box::new(cond)) } else { cond })
}

/// The operators a filter may use.
#[derive(Clone, Copy, Debug)]
enum Operator {
    Equals,
    Differs,
    Ordered(Op),
    In,
    Between,
}

impl Operator {
    fn read(sent: &Value) -> Result<Self, Trouble> {
        Ok(match sent.as_str().unwrap_or_default().to_ascii_lowercase().as_str() {
            "=" => Self::Equals,
            "!=" => Self::Differs,
            ">" => Self::Ordered(Op::Greater),
            ">=" => Self::Ordered(Op::GreaterOrEqual),
            "<" => Self::Ordered(Op::Less),
            "<=" => Self::Ordered(Op::LessOrEqual),
            "in" => Self::In,
            "between" => Self::Between,
            other => {
                return Err(Trouble::new(400, "UNKNOWNFILTEROPERATOR", format!("Unknown filter operator `{other}`")));
            }
        })
    }

    /// The condition, or nothing when the value has the wrong shape for the operator.
    fn test(self, column: &'static Column, value: &Value) -> Option<Cond> {
        let list = value.as_array();
        let op = match self {
            Self::Equals => Op::In,
            Self::Differs => Op::NotIn,
            Self::Ordered(op) if list.is_none() => op,
            Self::In if list.is_some() => Op::In,
            Self::Between if list.is_some_and(|list| list.len() == 2) => Op::Between,
            Self::Ordered(_) | Self::In | Self::Between => return None,
        };
        Some(Cond::test(column, op, value))
    }
}
