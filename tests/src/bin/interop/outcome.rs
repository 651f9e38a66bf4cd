//! Outcomes of `b24 run` in the words that both clients have in common.

use serde_json::{Value, json};

/// Takes out of a line of `b24 run` what the official SDK tells too: results, rows, codes of errors.
pub(crate) fn of_b24(operation: &Value, line: Value) -> Value {
    let error = code(&line);
    let rows = line.get("rows").and_then(Value::as_array);
    match (operation["op"].as_str(), rows, error) {
        (Some("batchByChunk"), Some(rows), None) => chunks(rows),
        (Some("batch"), Some(rows), None) => json!({ "rows": rows.iter().filter_map(row).collect::<Vec<_>>() }),
        (Some("aggregate"), _, None) => json!({ "result": line["result"] }),
        (Some("list" | "tail"), Some(rows), None) => json!({ "rows": rows }),
        // Rows before a failure, where there are any.
        (Some("list" | "tail"), Some(rows), Some(error)) if !rows.is_empty() => json!({ "rows": rows, "error": error }),
        (_, _, Some(error)) => json!({ "error": error }),
        _ => told(&line),
    }
}

/// All results, and the errors by the places of their commands.
fn chunks(rows: &[Value]) -> Value {
    let results: Vec<_> = rows.iter().filter_map(|row| row.get("result")).collect();
    let error = |row: &Value| Some(json!([row["key"].to_string(), code(row)?]));
    json!({ "results": results, "errors": rows.iter().filter_map(error).collect::<Vec<_>>() })
}

/// A command that was not come to has no row in the official SDK.
fn row(row: &Value) -> Option<Value> {
    let mut plain = match code(row) {
        _ if row["skipped"] == true => return None,
        Some(error) => json!({ "error": error }),
        None => told(row),
    };
    plain["key"] = row["key"].clone();
    Some(plain)
}

/// The official SDK says only whether there is a next page, and 0 for a total that was not told.
fn told(line: &Value) -> Value {
    let mut told = json!({ "more": line.get("next").is_some(), "total": line.get("total").unwrap_or(&json!(0)) });
    told["result"] = line["result"].clone();
    told
}

fn code(line: &Value) -> Option<Value> {
    line.get("error")?.get("code").cloned()
}

/// Takes the ids and versions of the clients out of what a method says of its parameters.
pub(crate) fn without_client(outcome: &mut Value) {
    match outcome {
        Value::Object(object) => {
            object.retain(|key, _| !key.starts_with("bx24_"));
            object.values_mut().for_each(without_client);
        }
        Value::Array(list) => list.iter_mut().for_each(without_client),
        _ => {}
    }
}
