//! Known defects of the official SDK, by their numbers in the list of its behaviour that this SDK was written from.

use serde_json::Value;

use crate::clients::Seen;

/// What a defect is, in a few words.
pub(crate) fn name(number: u64) -> &'static str {
    match number {
        12 => "each row of a batch says that there is more",
        13 => "labels on some commands are found out only by the portal",
        14 => "booleans in a batch are the texts `true` and `false`",
        15 => "errors of later chunks are under the places of the first",
        16 => "v2 lists read ids as numbers, drop a lower bound, and break at a key that leads nowhere",
        17 => "v3 lists ask for page 0, and take a key that leads nowhere for the end",
        18 => "a v3 batch is an object with numbers for keys",
        // Found by this comparison, and not in that list yet.
        32 => "a command that fails without a code counts as done",
        _ => "not in the list",
    }
}

/// Changes what the official SDK did into what it would have done without the defect.
pub(crate) fn set_right(number: u64, theirs: &mut Seen, ours: &Seen) {
    match number {
        12 => no_more(&mut theirs.outcome, &ours.outcome),
        14 => {
            theirs.requests.iter_mut().for_each(flags);
            said_flags(&mut theirs.outcome);
        }
        15 => absolute_places(&mut theirs.outcome, &ours.outcome),
        16 => theirs.requests.iter_mut().zip(&ours.requests).for_each(|(theirs, ours)| written_bound(theirs, ours)),
        17 => {
            for request in &mut theirs.requests {
                if let Some(pagination) = request.pointer_mut("/body/pagination").and_then(Value::as_object_mut) {
                    pagination.remove("page");
                }
            }
            // One page more than is needed.
            if theirs.requests.len() == ours.requests.len() + 1 {
                theirs.requests.pop();
            }
        }
        18 => theirs.requests.iter_mut().for_each(list_of_commands),
        32 => failures_without_code(&mut theirs.outcome, &ours.outcome),
        _ => {}
    }
}

fn no_more(theirs: &mut Value, ours: &Value) {
    let rows = theirs.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten();
    for (row, ours) in rows.zip(ours["rows"].as_array().into_iter().flatten()) {
        if row["more"] == true && ours["more"] == false {
            row["more"] = false.into();
        }
    }
}

/// The bound on the id as the portal wrote it.
fn written_bound(theirs: &mut Value, ours: &Value) {
    let Some(filter) = theirs.pointer_mut("/body/filter").and_then(Value::as_object_mut) else { return };
    for (key, bound) in filter {
        let (ours, digits) = (&ours["body"]["filter"][key], bound.to_string());
        if key.starts_with('>') && ours.as_str() == Some(&*digits) {
            *bound = ours.clone();
        }
    }
}

fn flags(request: &mut Value) {
    let commands: Vec<&mut Value> = match request.pointer_mut("/body/cmd") {
        Some(Value::Array(commands)) => commands.iter_mut().collect(),
        Some(Value::Object(commands)) => commands.values_mut().collect(),
        _ => Vec::new(),
    };
    for command in commands {
        if let Some(text) = command.as_str() {
            *command = text.replace("=true", "=1").replace("=false", "=0").into();
        }
    }
}

/// What a method heard of them, where it says so.
fn said_flags(outcome: &mut Value) {
    match outcome {
        Value::Object(object) => object.values_mut().for_each(said_flags),
        Value::Array(list) => list.iter_mut().for_each(said_flags),
        Value::String(text) if text == "true" => *text = "1".to_owned(),
        Value::String(text) if text == "false" => *text = "0".to_owned(),
        _ => {}
    }
}

/// The same errors, under the places that chunks hide.
fn absolute_places(theirs: &mut Value, ours: &Value) {
    let codes = |outcome: &Value| {
        outcome["errors"].as_array().map(|all| all.iter().map(|it| it[1].clone()).collect::<Vec<_>>())
    };
    if codes(theirs) == codes(ours) {
        theirs["errors"] = ours["errors"].clone();
    }
}

/// The classic CRM methods say "Not found" with an empty code.
fn failures_without_code(theirs: &mut Value, ours: &Value) {
    let rows = theirs.get_mut("rows").and_then(Value::as_array_mut).into_iter().flatten();
    for (row, ours) in rows.zip(ours["rows"].as_array().into_iter().flatten()) {
        if ours["error"] == "" && row.get("result").is_none() {
            *row = ours.clone();
        }
    }
}

fn list_of_commands(request: &mut Value) {
    if let Some(object) = request["body"].as_object() {
        let in_order: Vec<_> = (0..object.len()).filter_map(|place| object.get(&place.to_string()).cloned()).collect();
        request["body"] = in_order.into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(request: Value, outcome: Value) -> Seen {
        Seen { requests: vec![request], outcome }
    }

    #[test]
    fn each_defect_is_set_right_and_nothing_else_is() {
        let body = |body: Value| json!({ "body": body });
        for (number, theirs, ours) in [
            (
                12,
                seen(json!({}), json!({ "rows": [{ "more": true }] })),
                seen(json!({}), json!({ "rows": [{ "more": false }] })),
            ),
            (
                14,
                seen(body(json!({ "cmd": ["x?a=true&b=false"] })), json!({ "rows": [["true"]] })),
                seen(body(json!({ "cmd": ["x?a=1&b=0"] })), json!({ "rows": [["1"]] })),
            ),
            (
                15,
                seen(json!({}), json!({ "errors": [["20", "X"]] })),
                seen(json!({}), json!({ "errors": [["120", "X"]] })),
            ),
            (
                16,
                seen(body(json!({ "filter": { ">ID": 50, "A": 1 } })), json!({})),
                seen(body(json!({ "filter": { ">ID": "50", "A": 1 } })), json!({})),
            ),
            (
                17,
                seen(body(json!({ "pagination": { "page": 0, "limit": 5 } })), json!({})),
                seen(body(json!({ "pagination": { "limit": 5 } })), json!({})),
            ),
            (18, seen(body(json!({ "0": "a", "1": "b" })), json!({})), seen(body(json!(["a", "b"])), json!({}))),
            (
                32,
                seen(json!({}), json!({ "rows": [{ "more": true }] })),
                seen(json!({}), json!({ "rows": [{ "error": "" }] })),
            ),
        ] {
            for other in [12, 14, 15, 16, 17, 18, 32] {
                let mut changed = Seen { requests: theirs.requests.clone(), outcome: theirs.outcome.clone() };
                set_right(other, &mut changed, &ours);
                let equal = changed.requests == ours.requests && changed.outcome == ours.outcome;
                assert_eq!(equal, other == number, "{other} on {number}: {changed:?}");
            }
        }
    }
}
