//! Writing multi-fields: the phones and e-mails of leads, contacts and companies.
//!
//! <https://apidocs.bitrix24.com/api-reference/crm/data-types.html>

use crate::php::number;
use crate::store::table::{Row, Table};
use crate::store::{Column, Kind};
use crate::value::{Array, Value, map};

/// Turns what a client sent for the multi-fields of `row` into what the row of `id`, or a new one, keeps then.
pub(crate) fn write(table: &mut Table, id: Option<i64>, row: &mut Row) {
    let columns = table.columns.iter().filter(|column| column.kind == Kind::Multi);
    for column in columns {
        let Some(sent) = row.remove(column.name) else { continue };
        // What is no list of rows changes nothing.
        let Value::Array(sent) = sent else { continue };
        let kept = id.map_or(Value::Null, |id| table.value(id, column));
        let merged = merge(table, column, &kept, &sent);
        row.insert(column.name, merged);
    }
}

/// A row with an ID changes that value, or deletes it; one without adds a value; the others stay as they are.
fn merge(table: &mut Table, column: &Column, kept: &Value, sent: &Array) -> Value {
    let mut rows: Vec<Array> =
        kept.as_array().into_iter().flat_map(Array::values).filter_map(Value::as_array).cloned().collect();
    for sent in sent.values().filter_map(Value::as_array) {
        let sent = sent.upper();
        let value = sent.get("VALUE").and_then(Value::to_text);
        match sent.get("ID").map_or(0, number::int) {
            0 => {
                let Some(value) = value.filter(|value| !value.is_empty()) else { continue };
                let kind = sent.filled("VALUE_TYPE").and_then(Value::to_text).unwrap_or("WORK".into());
                rows.push(map! {
                    "ID" => table.number_multi().to_string(), "VALUE_TYPE" => kind, "VALUE" => value,
                    "TYPE_ID" => column.upper,
                });
            }
            id => {
                let is_it = |row: &Array| row.get("ID").map_or(0, number::int) == id;
                let empty = value.as_ref().is_some_and(|value| value.is_empty());
                if empty || sent.get("DELETE").and_then(Value::as_str) == Some("Y") {
                    rows.retain(|row| !is_it(row));
                } else if let Some(row) = rows.iter_mut().find(|row| is_it(row)) {
                    for name in ["VALUE", "VALUE_TYPE"] {
                        if let Some(text) = sent.filled(name).and_then(Value::to_text) {
                            row.set(name, text);
                        }
                    }
                }
            }
        }
    }
    rows.into()
}
