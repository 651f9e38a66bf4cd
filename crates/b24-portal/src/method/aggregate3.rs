//! `aggregate` of v3: counts and sums instead of rows.
//!
//! The server has it (rest/lib/V3, `Structures/Aggregation`), no documented method shows it yet.

use std::cmp::Ordering;

use super::Call;
use super::dto::{Dto, Field};
use super::filter3;
use super::world::World;
use crate::engine::error::Trouble;
use crate::php::number;
use crate::store::filter::compare;
use crate::value::{Array, Key, Value, map};

type Result<T> = std::result::Result<T, Trouble>;

/// `{select: {sum: ["amount"], count: {"id": "all"}}, filter}` gives `{result: {sum: {amount: …}, count: {all: …}}}`.
pub(crate) fn aggregate(dto: &Dto, world: &World, call: &Call<'_>) -> Result<Value> {
    let select = call.params.filled("select").ok_or_else(|| Trouble::required("select"))?;
    let wanted = read_select(dto, select)?;
    let filter = filter3::read(dto, world, call.params.get("filter"))?;
    let table = (dto.table)(world);
    let ids: Vec<i64> = filter.ids(table, false).collect();
    let mut result = Array::new();
    for (function, fields) in wanted {
        let mut values = Array::new();
        for (field, alias) in fields {
            let column = dto.column(world, field)?;
            let kept = ids.iter().map(|id| table.value(*id, column)).filter(|value| !value.is_null()).collect();
            let value = function.of(kept);
            // The least date is a date, the number of dates is not.
            let dated = matches!(function, Function::Min | Function::Max);
            values.set(alias, if dated { column.kind.typed(&value) } else { value });
        }
        result.set(function.name(), values);
    }
    Ok(map! { "result" => result }.into())
}

/// What of which fields is wanted, and under which names.
type Wanted = Vec<(Function, Vec<(&'static Field, String)>)>;

fn read_select(dto: &Dto, select: &Value) -> Result<Wanted> {
    let broken = || Trouble::invalid_select(select);
    let functions = select.as_array().filter(|functions| !functions.is_empty()).ok_or_else(broken)?;
    let functions = functions.iter().map(|(name, fields)| {
        let function = Function::read(&name.to_text()).ok_or_else(broken)?;
        let fields = fields.as_array().ok_or_else(broken)?.iter().map(|(key, value)| {
            let text = value.as_str().ok_or_else(broken)?;
            // A list of fields, or fields with the names they shall have.
            let name = if let Key::Str(name) = key { name } else { text };
            let field = dto.field(name).ok_or_else(|| Trouble::unknown_property(name, dto.name))?;
            Ok((field, text.to_owned()))
        });
        Ok((function, fields.collect::<Result<Vec<_>>>()?))
    });
    functions.collect()
}

#[derive(Clone, Copy, Debug)]
enum Function {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    CountDistinct,
}

const FUNCTIONS: [Function; 6] =
    [Function::Sum, Function::Avg, Function::Min, Function::Max, Function::Count, Function::CountDistinct];

impl Function {
    fn read(name: &str) -> Option<Self> {
        FUNCTIONS.into_iter().find(|function| function.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Count => "count",
            Self::CountDistinct => "countDistinct",
        }
    }

    /// What SQL makes of the values: of none of them null, except that there are 0.
    fn of(self, mut values: Vec<Value>) -> Value {
        let order = |left: &Value, right: &Value| compare(left, right).unwrap_or(Ordering::Equal);
        match self {
            Self::Count => size(values.len()),
            Self::CountDistinct => {
                values.sort_by(order);
                values.dedup_by(|left, right| order(left, right).is_eq());
                size(values.len())
            }
            Self::Min => values.into_iter().min_by(order).unwrap_or(Value::Null),
            Self::Max => values.into_iter().max_by(order).unwrap_or(Value::Null),
            Self::Sum | Self::Avg if values.is_empty() => Value::Null,
            Self::Sum => Value::Float(sum(&values)),
            #[allow(clippy::cast_precision_loss, reason = "no table has 2^53 rows")]
            Self::Avg => Value::Float(sum(&values) / values.len() as f64),
        }
    }
}

/// A text that is no number counts as 0, as in SQL.
fn sum(values: &[Value]) -> f64 {
    values.iter().map(|value| number::numeric(value).unwrap_or_default()).sum()
}

fn size(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}
