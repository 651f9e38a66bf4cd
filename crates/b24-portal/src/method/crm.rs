//! What both spellings of the CRM share: writing rows.

use super::Call;
use crate::store::Column;
use crate::store::table::Row;
use crate::value::{Array, Value};

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
