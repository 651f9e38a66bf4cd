//! What both spellings of the CRM share: writing rows.

use super::Call;
use super::world::{Entity, World};
use crate::event::catalog::{self, Change};
use crate::store::Column;
use crate::store::table::Row;
use crate::value::{Array, Value, map};

/// Reads the writable fields a client sent; what is unknown or read-only is dropped without a word.
pub(crate) fn read_fields(fields: &Array, find: impl Fn(&str) -> Option<&'static Column>) -> Row {
    fields
        .iter()
        .filter_map(|(key, value)| {
            let column = find(&key.to_text())?;
            (!column.read_only).then(|| (column.name, column.kind.read(value)))
        })
        .collect()
}

/// Completes a new row with what the server sets itself.
pub(crate) fn stamp_new(row: &mut Row, columns: &[Column], call: &Call<'_>) {
    let has = |name: &str| columns.iter().any(|column| column.name == name);
    let now = Value::Int(call.second());
    let user = Value::Int(call.caller.user);
    for (name, value) in [
        ("createdTime", now.clone()),
        ("updatedTime", now.clone()),
        ("createdDate", now.clone()),
        ("changedDate", now),
        ("createdBy", user.clone()),
        ("updatedBy", user.clone()),
        ("assignedById", user),
    ] {
        if has(name) {
            row.entry(name).or_insert(value);
        }
    }
}

/// Notes who changed a row and when.
pub(crate) fn stamp_changed(row: &mut Row, columns: &[Column], call: &Call<'_>) {
    for column in columns {
        match column.name {
            "updatedTime" | "changedDate" => row.insert(column.name, Value::Int(call.second())),
            "updatedBy" => row.insert(column.name, Value::Int(call.caller.user)),
            _ => None,
        };
    }
}

/// Tells that a row of the CRM was written to. Leads, deals, contacts and companies have events of their own, whichever
/// method wrote; every other type has two, one of its own and one of all.
///
/// <https://apidocs.bitrix24.com/api-reference/crm/universal/events/index.html>
pub(crate) fn tell(world: &mut World, call: &Call<'_>, entity_type: i64, id: i64, change: Change) {
    match Entity::of(entity_type) {
        Some(entity) => tell_entity(world, call, entity, id, change),
        None => {
            let data = map! { "FIELDS" => map! { "ID" => id, "ENTITY_TYPE_ID" => entity_type } };
            world.events.note(call.caller, catalog::of_smart(change), data.clone());
            world.events.note(call.caller, catalog::of_kind(change, entity_type), data);
        }
    }
}

/// Tells that a lead, a deal, a contact or a company was written to.
pub(crate) fn tell_entity(world: &mut World, call: &Call<'_>, entity: Entity, id: i64, change: Change) {
    world.events.note(call.caller, catalog::of_entity(entity, change), map! { "FIELDS" => map! { "ID" => id } });
}

/// Tells that a task was written to.
///
/// <https://apidocs.bitrix24.com/api-reference/tasks/events-tasks/index.html>
pub(crate) fn tell_task(world: &mut World, call: &Call<'_>, id: i64, change: Change) {
    let (none, task) = (|| Value::from("undefined"), || Value::from(map! { "ID" => id }));
    let (before, after, could, can) = match change {
        Change::Add => (none(), task(), "N", "undefined"),
        Change::Update => (task(), task(), "undefined", "undefined"),
        Change::Delete => (task(), none(), "undefined", "N"),
    };
    let data = map! {
        "FIELDS_BEFORE" => before,
        "FIELDS_AFTER" => after,
        "IS_ACCESSIBLE_BEFORE" => could,
        "IS_ACCESSIBLE_AFTER" => can,
    };
    world.events.note(call.caller, catalog::of_task(change), data);
}
