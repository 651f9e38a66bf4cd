//! Whether both clients did the same.

use std::fmt;

use serde_json::Value;

use crate::{clients::Seen, defects, operations::Operation};

/// What the comparison came to.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Requests and outcomes are equal.
    Equal,
    /// They are once these defects are set right.
    Known(Vec<u64>),
    /// These defects are named, and there is nothing to set right.
    Cured(Vec<u64>),
    /// This differs besides.
    Differs(String),
}

impl Verdict {
    /// Whether the table may say so.
    pub(crate) fn is_expected(&self) -> bool {
        matches!(self, Self::Equal | Self::Known(_))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equal => f.write_str("equal"),
            Self::Known(defects) => {
                let named = defects.iter().map(|number| format!("defect {number}: {}", defects::name(*number)));
                f.write_str(&named.collect::<Vec<_>>().join("; "))
            }
            Self::Cured(defects) => write!(f, "NOTHING TO BE SEEN of {defects:?}, which are named"),
            Self::Differs(place) => write!(f, "DIFFERS: {place}"),
        }
    }
}

/// Compares, sets the known defects right one by one, and compares again.
pub(crate) fn compare(operation: &Operation, mut theirs: Seen, mut ours: Seen) -> Verdict {
    if difference(&theirs, &ours).is_none() {
        let named = &operation.defects;
        return if named.is_empty() { Verdict::Equal } else { Verdict::Cured(named.clone()) };
    }
    for defect in &operation.defects {
        let before = (theirs.requests.clone(), theirs.outcome.clone());
        defects::set_right(*defect, &mut theirs, &ours);
        // What is set aside below may be all there is of it.
        if operation.theirs.is_empty() && before == (theirs.requests.clone(), theirs.outcome.clone()) {
            return Verdict::Cured(vec![*defect]);
        }
    }
    if let Err(place) = set_aside(operation, &mut theirs, &mut ours) {
        return Verdict::Differs(place);
    }
    match difference(&theirs, &ours) {
        Some(place) => Verdict::Differs(place),
        None => Verdict::Known(operation.defects.clone()),
    }
}

/// What cannot be set right has to be what the operation says it is, and is not compared then.
fn set_aside(operation: &Operation, theirs: &mut Seen, ours: &mut Seen) -> Result<(), String> {
    if let Some(wanted) = operation.theirs.get("requests") {
        let made = theirs.requests.len();
        if wanted.as_u64() != u64::try_from(made).ok() {
            return Err(format!("{made} requests of the SDK, where {wanted} are known"));
        }
        theirs.requests.clear();
        ours.requests.clear();
    }
    if let Some(wanted) = operation.theirs.get("outcome") {
        if let Some(place) = inequality("outcome", &theirs.outcome, wanted) {
            return Err(format!("not as known: {place}"));
        }
        theirs.outcome = ours.outcome.clone();
    }
    Ok(())
}

fn difference(theirs: &Seen, ours: &Seen) -> Option<String> {
    let requests = theirs.requests.iter().zip(&ours.requests).enumerate();
    let mut requests =
        requests.filter_map(|(place, (theirs, ours))| inequality(&format!("request {place}"), theirs, ours));
    let (many, few) = (theirs.requests.len(), ours.requests.len());
    let number = (many != few).then(|| format!("{many} requests of the SDK, {few} of b24"));
    requests.next().or(number).or_else(|| inequality("outcome", &theirs.outcome, &ours.outcome))
}

/// Where two JSON values differ first.
fn inequality(place: &str, theirs: &Value, ours: &Value) -> Option<String> {
    let show = |value: Option<&Value>| value.map_or_else(|| "absent".to_owned(), |value| beginning(&value.to_string()));
    let inner = |key: &str, theirs: Option<&Value>, ours: Option<&Value>| match (theirs, ours) {
        (Some(theirs), Some(ours)) => inequality(&format!("{place}.{key}"), theirs, ours),
        _ => Some(format!("{place}.{key} is {} in the SDK and {} in b24", show(theirs), show(ours))),
    };
    match (theirs, ours) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            keys.find_map(|key| inner(key, one.get(key), other.get(key)))
        }
        (Value::Array(one), Value::Array(other)) => (0..one.len().max(other.len()))
            .find_map(|place| inner(&place.to_string(), one.get(place), other.get(place))),
        // 5 and 5.0 are one number in JavaScript.
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => None,
        _ if theirs == ours => None,
        _ => Some(format!("{place} is {} in the SDK and {} in b24", show(Some(theirs)), show(Some(ours)))),
    }
}

fn beginning(text: &str) -> String {
    const MOST: usize = 160;
    text.chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn operation(defects: &[u64], theirs: Value) -> Operation {
        let theirs: Map<_, _> = theirs.as_object().cloned().unwrap();
        Operation { name: String::new(), line: json!({}), defects: defects.to_vec(), theirs }
    }

    fn seen<const N: usize>(requests: [Value; N], outcome: Value) -> Seen {
        Seen { requests: requests.into(), outcome }
    }

    #[test]
    fn what_differs_has_to_be_known_and_what_is_known_to_differ() {
        let batch = |body: Value| json!({ "body": body });
        let (theirs, ours) = (batch(json!({ "0": 1 })), batch(json!([1])));
        for (defects, known, theirs, ours, want) in [
            (&[][..], json!({}), seen([], json!(5)), seen([], json!(5.0)), true),
            (&[], json!({}), seen([], json!(5)), seen([], json!(6)), false),
            (&[], json!({}), seen([], json!({ "a": 1 })), seen([], json!({})), false),
            (&[], json!({}), seen([json!(1)], json!(5)), seen([], json!(5)), false),
            (&[18], json!({}), seen([theirs.clone()], json!(5)), seen([ours.clone()], json!(5)), true),
            (&[18], json!({}), seen([theirs.clone()], json!(5)), seen([ours.clone()], json!(6)), false),
            (&[18, 12], json!({}), seen([theirs.clone()], json!(5)), seen([ours.clone()], json!(5)), false),
            (&[18], json!({}), seen([ours.clone()], json!(5)), seen([ours.clone()], json!(5)), false),
            (&[13], json!({ "requests": 1, "outcome": 7 }), seen([theirs.clone()], json!(7)), seen([], json!(5)), true),
            (
                &[13],
                json!({ "requests": 2, "outcome": 7 }),
                seen([theirs.clone()], json!(7)),
                seen([], json!(5)),
                false,
            ),
            (&[13], json!({ "requests": 1, "outcome": 8 }), seen([theirs], json!(7)), seen([], json!(5)), false),
        ] {
            let verdict = compare(&operation(defects, known), theirs, ours);
            assert_eq!(verdict.is_expected(), want, "{verdict:?}");
        }
    }
}
