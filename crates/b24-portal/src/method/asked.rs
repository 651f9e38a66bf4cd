//! What v2 lists are asked for, read with the carelessness that most families share.

use crate::store::{Column, Cond, Op, Order};
use crate::value::Value;

/// The conditions of a filter. A key that `find` does not know is dropped without a word.
pub(crate) fn filter(
    filter: Option<&Value>,
    find: impl Fn(&str) -> Option<&'static Column>,
    operator: impl Fn(Op, &Column) -> Op,
) -> Cond {
    let Some(filter) = filter.and_then(Value::as_array) else { return Cond::everything() };
    let conds = filter.iter().filter_map(|(key, value)| {
        let key = key.to_text();
        let (op, name) = Op::split(&key);
        let column = find(name).filter(|column| column.kind.is_scalar())?;
        Some(Cond::test(column, operator(op, column), value))
    });
    Cond::All(conds.collect())
}

/// The sort keys. A field that `find` does not know is dropped without a word.
pub(crate) fn order(order: Option<&Value>, find: impl Fn(&str) -> Option<&'static Column>) -> Vec<Order> {
    let Some(order) = order.and_then(Value::as_array) else { return Vec::new() };
    let keys = order.iter().filter_map(|(key, direction)| {
        let column = find(&key.to_text())?;
        Some(Order { column, descending: is_descending(direction) })
    });
    keys.collect()
}

/// Anything but `desc` is upwards.
pub(crate) fn is_descending(direction: &Value) -> bool {
    direction.as_str().is_some_and(|direction| direction.eq_ignore_ascii_case("desc"))
}
