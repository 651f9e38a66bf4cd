//! v2: `filter: {">ID": last}`, `order`, `start: -1`.
//!
//! Source: <https://apidocs.bitrix24.com/settings/performance/huge-data.html>

use std::cmp::Ordering;

use b24_core::{Cursor, Direction, Error, SdkCode};

use super::order;
use crate::list::params::{Entries, json};

/// Pages by a bound on the id, in the caller's filter.
#[derive(Clone, Debug)]
pub(super) struct Keyset2 {
    key: Box<str>,
    filter: Entries,
    direction: Direction,
}

impl Keyset2 {
    /// Takes what the pages write out of the caller's parameters, and gives the place to begin after.
    pub(super) fn new(
        params: &mut Entries,
        key: &str,
        direction: Direction,
        resume: Option<Cursor>,
    ) -> Result<(Self, Option<Cursor>), Error> {
        params.remove_null("filter");
        let filter = params.take_in_any_case("filter")?;
        let filter = filter.map(|filter| Entries::read(filter.get().as_bytes()));
        let refused = || Error::usage(SdkCode::InvalidFilter, "the filter of a v2 list is an object");
        let mut filter = filter.unwrap_or_else(|| Some(Entries::default())).ok_or_else(refused)?;
        for replaced in ["order", "start"] {
            params.take_in_any_case(replaced)?;
        }
        let begin = bound(&mut filter, &bound_name(direction, key))?;
        let zero = (direction == Direction::Asc).then(|| Cursor::from(0));
        Ok((Self { key: key.into(), filter, direction }, later(direction, begin, resume).or(zero)))
    }

    pub(super) fn write(&self, params: &mut Entries, last: Option<&Cursor>) {
        let mut filter = self.filter.clone();
        if let Some(last) = last {
            filter.set(&bound_name(self.direction, &self.key), json(last));
        }
        params.set("order", order(&self.key, self.direction));
        params.set("filter", json(&filter));
        // No counting.
        params.set("start", json(&-1));
    }
}

/// Takes the caller's own bound on the id out of his filter: the walk begins there.
fn bound(filter: &mut Entries, name: &str) -> Result<Option<Cursor>, Error> {
    let Some(value) = filter.remove(name) else { return Ok(None) };
    let refused = || Error::usage(SdkCode::InvalidFilter, format!("`{name}` in the filter is no id"));
    Cursor::read(&value).map(Some).ok_or_else(refused)
}

fn bound_name(direction: Direction, key: &str) -> String {
    match direction {
        Direction::Asc => format!(">{key}"),
        Direction::Desc => format!("<{key}"),
    }
}

/// Of two places to begin, the one that leaves fewer rows.
fn later(direction: Direction, bound: Option<Cursor>, resume: Option<Cursor>) -> Option<Cursor> {
    match (bound, resume) {
        (Some(bound), Some(resume)) => {
            let order = resume.compare(&bound);
            let behind = match direction {
                Direction::Asc => order == Some(Ordering::Less),
                Direction::Desc => order == Some(Ordering::Greater),
            };
            Some(if behind { bound } else { resume })
        }
        (bound, resume) => resume.or(bound),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{RowId, Told, Walk, tests::*};
    use super::*;

    fn keyset2(params: &Value, direction: Direction, resume: Option<u64>) -> Result<Walk, Error> {
        Walk::keyset2(entries(params), "ID", direction, resume.map(Cursor::from), false)
    }

    #[test]
    fn v2_goes_by_a_bound_of_the_filter() {
        let params = json!({ "select": ["ID"], "FILTER": { "A": 1 }, "order": { "X": "DESC" }, "start": 5 });
        let mut walk = keyset2(&params, Direction::Asc, None).unwrap();
        let page = |last: u64| json!({ "select": ["ID"], "order": { "ID": "ASC" }, "filter": { "A": 1, ">ID": last }, "start": -1 });
        assert_eq!(asks(&walk), page(0));
        assert!(walk.accept(&numbers(1..51), &Told::default(), false).more.unwrap());
        assert_eq!(asks(&walk), page(50));
        assert!(!walk.accept(&numbers(51..60), &Told::default(), false).more.unwrap());
        assert_eq!(walk.cursor(), Some(&Cursor::from(59)));
    }

    #[test]
    fn downwards_there_is_no_bound_at_first() {
        let mut walk = keyset2(&json!({}), Direction::Desc, None).unwrap();
        assert_eq!(asks(&walk), json!({ "order": { "ID": "DESC" }, "filter": {}, "start": -1 }));
        let down: Vec<_> = (51..=100).rev().map(RowId::Number).collect();
        assert!(walk.accept(&down, &Told::default(), false).more.unwrap());
        assert_eq!(asks(&walk)["filter"], json!({ "<ID": 51 }));
    }

    // Defect 16 of the official SDK: the caller's lower bound was overwritten.
    #[test]
    fn the_callers_bound_and_the_place_to_resume_are_both_kept() {
        use Direction::{Asc, Desc};
        for (filter, direction, resume, want) in [
            (json!({ ">ID": 100 }), Asc, None, json!({ ">ID": 100 })),
            (json!({ ">ID": "100" }), Asc, None, json!({ ">ID": "100" })),
            (json!({ ">ID": 100 }), Asc, Some(150), json!({ ">ID": 150 })),
            (json!({ ">ID": 100 }), Asc, Some(50), json!({ ">ID": 100 })),
            (json!({ "<ID": 100, ">ID": 3 }), Desc, Some(50), json!({ ">ID": 3, "<ID": 50 })),
            (json!({ "<ID": 100, ">=ID": 3 }), Asc, None, json!({ "<ID": 100, ">=ID": 3, ">ID": 0 })),
        ] {
            let walk = keyset2(&json!({ "filter": filter }), direction, resume).unwrap();
            assert_eq!(asks(&walk)["filter"], want);
        }
        for bad in
            [json!({ "filter": [["id", ">", 5]] }), json!({ "filter": "x" }), json!({ "filter": { ">ID": [1] } })]
        {
            assert_eq!(keyset2(&bad, Asc, None).unwrap_err().code(), "INVALID_FILTER", "{bad}");
        }
        assert!(keyset2(&json!({ "filter": [] }), Asc, None).is_ok());
        assert_eq!(keyset2(&json!({ "filter": {}, "FILTER": {} }), Asc, None).unwrap_err().code(), "INVALID_PARAMS");
    }
}
