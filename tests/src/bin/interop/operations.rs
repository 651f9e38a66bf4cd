//! The operations that both clients run.

use serde_json::{Map, Value, json};

use crate::Outcome;

/// One operation, and how the official SDK is known to differ.
#[derive(Debug)]
pub(crate) struct Operation {
    /// What it is called in the table.
    pub(crate) name: String,
    /// As both clients read it. Its request id is its own, so that the requests made for it are known.
    pub(crate) line: Value,
    /// Numbers of defects.
    pub(crate) defects: Vec<u64>,
    /// What the official SDK makes of it where that cannot be set right: `{"requests": how many}` or `{"outcome": ..}`.
    pub(crate) theirs: Map<String, Value>,
}

impl Operation {
    /// All of them, in order.
    pub(crate) fn all() -> Outcome<Vec<Self>> {
        let written: Vec<Map<String, Value>> = serde_json::from_str(include_str!("operations.json"))?;
        written.into_iter().enumerate().map(|(place, operation)| Self::read(place, operation)).collect()
    }

    /// The request id of the operation at a place.
    pub(crate) fn request_id(place: usize) -> String {
        format!("operation-{place}")
    }

    fn read(place: usize, mut line: Map<String, Value>) -> Outcome<Self> {
        let mut take = |key: &str| line.remove(key);
        let given = take("name").map(|name| name.as_str().unwrap_or_default().to_owned());
        let defects = take("defects").unwrap_or_else(|| json!([]));
        let theirs = take("theirs").unwrap_or_else(|| json!({}));
        line.insert("options".to_owned(), json!({ "requestId": Self::request_id(place) }));
        if let Some(Value::String(short)) = line.get("commands") {
            let commands = many(short).ok_or_else(|| format!("{short:?} is no way to write commands"))?;
            line.insert("commands".to_owned(), commands);
        }
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let what = [text("api"), text("op"), text("method"), given.as_deref()];
        Ok(Self {
            name: what.into_iter().flatten().collect::<Vec<_>>().join(" "),
            defects: serde_json::from_value(defects)?,
            theirs: serde_json::from_value(theirs)?,
            line: line.into(),
        })
    }
}

/// `120 of crm.item.get`: deals by their ids. There are 120, and one more that was added by an operation before.
fn many(short: &str) -> Option<Value> {
    let (count, method) = short.split_once(" of ")?;
    let count: u64 = count.parse().ok()?;
    Some((1..=count).map(|id| json!([method, { "entityTypeId": 2, "id": id }])).collect())
}
