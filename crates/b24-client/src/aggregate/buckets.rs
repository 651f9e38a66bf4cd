//! Where the buckets are in the payload.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::value::RawValue;

/// The buckets of a payload, wherever they are in it.
#[derive(Debug)]
pub(super) struct Buckets<T>(T);

impl<T> Buckets<T> {
    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Buckets<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let payload = Box::<RawValue>::deserialize(deserializer)?;
        serde_json::from_str(find(payload.get())).map(Self).map_err(D::Error::custom)
    }
}

/// `result.result` holds the buckets, seen from the envelope; older forms have them one step higher. PHP writes an object
/// without entries as a list.
fn find(payload: &str) -> &str {
    let nested = serde_json::from_str::<BTreeMap<String, &RawValue>>(payload).ok();
    let buckets = nested.and_then(|entries| entries.get("result").map(|raw| raw.get())).unwrap_or(payload);
    if is_nothing(buckets) { "{}" } else { buckets }
}

fn is_nothing(json: &str) -> bool {
    let inner = json.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    json == "null" || inner.is_some_and(|inner| inner.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_found_where_they_are() {
        for (payload, want) in [
            (r#"{"result":{"sum":{"a":1}}}"#, r#"{"sum":{"a":1}}"#),
            (r#"{"sum":{"a":1}}"#, r#"{"sum":{"a":1}}"#),
            (r#"{"result":null}"#, "{}"),
            (r#"{"result":[]}"#, "{}"),
            (r#"{"result":{}}"#, "{}"),
            ("{}", "{}"),
            ("[]", "{}"),
            ("[ ]", "{}"),
            ("null", "{}"),
        ] {
            assert_eq!(find(payload), want, "{payload}");
        }
    }
}
