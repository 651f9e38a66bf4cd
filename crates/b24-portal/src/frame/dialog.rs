//! The portal's dialogs, answered at once by a user who is always of the same mind.
//!
//! <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/system-dialogues/index.html>

use serde_json::{Map, Value, json};

use super::message::is_truthy;

/// `selectUser`: one user as an object, several as a list.
pub(crate) fn user(params: &Value) -> Value {
    let user = |id: i64| {
        json!({
            "id": id.to_string(),
            "name": format!("User {id}"),
            "photo": "",
            "position": "",
            "url": format!("/company/personal/user/{id}/"),
            "sub": false,
            "sup": false,
        })
    };
    match &params["mult"] {
        Value::String(text) if text == "0" => user(1),
        mult if is_truthy(mult) => json!([user(1), user(2)]),
        _ => user(1),
    }
}

/// `selectAccess`: what was chosen, as a list.
pub(crate) fn access() -> Value {
    json!([
        { "id": "AU", "name": "All authorized users", "provider": "" },
        { "id": "U1", "name": "User 1", "provider": "Users" },
    ])
}

/// `selectCRM`: a bucket for each type that was asked for, and each an object with numbers for keys.
///
/// Without `multiple` one thing is chosen, of the first type. An empty bucket is a list.
pub(crate) fn crm(params: &Value) -> Value {
    let asked: Vec<&str> = match &params["entityType"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(kind) => vec![kind],
        _ => ["lead", "contact", "company", "deal", "quote"].to_vec(),
    };
    let many = is_truthy(&params["multiple"]);
    let mut answer = Map::new();
    for (place, kind) in asked.into_iter().enumerate() {
        let count = match (many, place) {
            (true, _) => 2,
            (false, 0) => 1,
            (false, _) => 0,
        };
        let bucket: Map<String, Value> =
            (0..count).filter_map(|at| Some((at.to_string(), thing(kind, at + 1)?))).collect();
        answer.insert(kind.to_owned(), if bucket.is_empty() { json!([]) } else { bucket.into() });
    }
    answer.into()
}

fn thing(kind: &str, id: u32) -> Option<Value> {
    let (letter, has_image) = match kind {
        "lead" => ("L", false),
        "contact" => ("C", true),
        "company" => ("CO", true),
        "deal" => ("D", false),
        "quote" => ("Q", false),
        _ => return None,
    };
    let mut thing = json!({
        "id": format!("{letter}_{id}"),
        "type": kind,
        "place": kind,
        "title": format!("{}{} {id}", kind[..1].to_uppercase(), &kind[1..]),
        "desc": "",
        "url": format!("/crm/{kind}/details/{id}/"),
    });
    if has_image {
        thing["image"] = json!("");
    }
    Some(thing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crm_things_come_in_buckets_that_are_objects() {
        let one = crm(&json!({"entityType": ["lead", "contact"]}));
        assert_eq!((&one["lead"]["0"]["id"], &one["contact"]), (&json!("L_1"), &json!([])));
        let many = crm(&json!({"entityType": ["company"], "multiple": true}));
        assert_eq!((&many["company"]["1"]["id"], &many["company"]["1"]["image"]), (&json!("CO_2"), &json!("")));
        assert_eq!(crm(&json!({"entityType": ["nothing"]})), json!({"nothing": []}));
    }

    #[test]
    fn one_user_is_an_object_and_several_are_a_list() {
        for (mult, is_list) in [(json!(true), true), (json!(false), false), (json!("0"), false), (json!(null), false)] {
            assert_eq!(user(&json!({"mult": mult})).is_array(), is_list, "{mult}");
        }
    }
}
