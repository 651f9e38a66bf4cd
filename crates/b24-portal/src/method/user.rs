//! `profile`, `user.current`, `user.get`.
//!
//! <https://apidocs.bitrix24.com/api-reference/user/user-get.html>

use super::Call;
use super::asked::is_descending;
use super::paging::{Page, Paging};
use super::world::World;
use crate::engine::error::Refusal;
use crate::store::{Cond, Kind, Op, Order, Table};
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Refusal>;

pub(crate) fn profile(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = &world.users;
    let text = |name: &str| table.column(name).map_or(Value::Null, |column| table.value(call.caller.user, column));
    Ok(map! {
        "ID" => call.caller.user.to_string(),
        "ADMIN" => is_admin(call.caller.user),
        "NAME" => text("name"),
        "LAST_NAME" => text("lastName"),
        "PERSONAL_GENDER" => "",
        "TIME_ZONE" => "",
        "TIME_ZONE_OFFSET" => 0_i64,
    }
    .into())
}

pub(crate) fn current(world: &mut World, call: &Call<'_>) -> Result<Value> {
    Ok(row(&world.users, call.caller.user).into())
}

pub(crate) fn get(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let table = &world.users;
    let params = call.params.upper();
    // Without FILTER the parameters themselves are the filter: `user.get {"ID": 1}`.
    let filter = params.get("FILTER").and_then(Value::as_array).unwrap_or(&params);
    let filter = filter.upper();
    let conds = filter.iter().filter_map(|(key, value)| {
        let key = key.to_text();
        let (op, name) = Op::split(&key);
        Some(Cond::test(table.upper_column(name)?, op, value))
    });
    let filter = Cond::All(conds.collect());
    let sort = params.get("SORT").and_then(Value::as_str).and_then(|name| table.upper_column(&name.to_uppercase()));
    let descending = params.get("ORDER").is_some_and(is_descending);
    let order = sort.map(|column| Order { column, descending }).into_iter().collect();
    let page = Page::read(table, filter, order, call, Paging::Wrapping);
    let mut rows: Array = page.ids.iter().map(|id| row(table, *id)).collect();
    page.mark(&mut rows);
    Ok(rows.into())
}

/// The first user is the portal's administrator.
pub(crate) fn is_admin(user: i64) -> bool {
    user == 1
}

fn row(table: &Table, id: i64) -> Array {
    let mut row = Array::new();
    for column in table.columns {
        let kept = table.value(id, column);
        // Of all flags of v2, this family's are true booleans.
        let shown = if column.kind == Kind::Flag { kept } else { column.kind.stringly(&kept) };
        row.set(column.upper, shown);
    }
    row.set("IS_ONLINE", "N");
    row.set("UF_DEPARTMENT", vec![1_i64]);
    row
}
