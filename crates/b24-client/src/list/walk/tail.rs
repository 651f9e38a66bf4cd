//! v3: `cursor`, of the methods whose names end in `.tail`.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

use b24_core::{Cursor, Direction, Error, SdkCode, filter};
use serde::Serialize;

use super::check_limit;
use crate::list::params::{Entries, json, with_text};

/// Pages by the portal's own cursor.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    field: Box<str>,
    direction: Direction,
    pub(super) limit: u16,
}

impl Tail {
    /// Prepares the caller's parameters, and gives the value to begin after.
    pub(super) fn new(
        params: &mut Entries,
        field: &str,
        direction: Direction,
        limit: u16,
        begin: Option<Cursor>,
    ) -> Result<(Self, Cursor), Error> {
        check_limit(limit)?;
        params.remove_null("filter");
        params.remove_null("select");
        if let Some(given) = params.get("filter") {
            filter::v3::check(given)?;
            if filter::v3::mentions(given, field) {
                let text = format!("the filter of a tail may not hold `{field}`, the field of its cursor");
                return Err(Error::usage(SdkCode::InvalidFilter, text));
            }
        }
        if let Some(select) = params.get("select") {
            let refused = || Error::usage(SdkCode::InvalidParams, "`select` is a list of fields");
            let select = with_text(select, field).ok_or_else(refused)?;
            params.set("select", select);
        }
        let begin = match (begin, direction) {
            (Some(begin), _) => begin,
            (None, Direction::Asc) => Cursor::from(0),
            (None, Direction::Desc) => {
                let text = "a descending tail needs the value to begin below: nothing is below 0";
                return Err(Error::usage(SdkCode::TailDescNeedsInitialValue, text));
            }
        };
        params.remove("cursor");
        Ok((Self { field: field.into(), direction, limit }, begin))
    }

    pub(super) fn write(&self, params: &mut Entries, last: Option<&Cursor>) {
        let cursor = Wire { field: &self.field, value: last, order: self.direction, limit: self.limit };
        params.set("cursor", json(&cursor));
    }
}

#[derive(Serialize)]
struct Wire<'a> {
    field: &'a str,
    value: Option<&'a Cursor>,
    order: Direction,
    limit: u16,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Walk, tests::*};
    use super::*;

    fn tail(params: &Value, direction: Direction, begin: Option<u64>) -> Result<Value, Error> {
        Walk::tail(entries(params), "id", direction, 50, begin.map(Cursor::from), false).map(|walk| asks(&walk))
    }

    #[test]
    fn a_tail_hands_the_portal_a_cursor() {
        use Direction::{Asc, Desc};
        let cursor = |value, order| json!({ "field": "id", "value": value, "order": order, "limit": 50 });
        assert_eq!(tail(&json!({}), Asc, None).unwrap(), json!({ "cursor": cursor(0, "ASC") }));
        assert_eq!(tail(&json!({}), Desc, Some(9)).unwrap(), json!({ "cursor": cursor(9, "DESC") }));
        let selected = tail(&json!({ "select": ["a"] }), Asc, Some(1)).unwrap();
        assert_eq!(selected, json!({ "select": ["a", "id"], "cursor": cursor(1, "ASC") }));
        assert_eq!(tail(&json!({}), Desc, None).unwrap_err().code(), "TAIL_DESC_NEEDS_INITIAL_VALUE");
        for filter in
            [json!([["id", ">", 5]]), json!([{ "logic": "or", "conditions": [["id", "=", 1], ["a", "=", 1]] }])]
        {
            assert_eq!(tail(&json!({ "filter": filter }), Asc, None).unwrap_err().code(), "INVALID_FILTER");
        }
    }
}
