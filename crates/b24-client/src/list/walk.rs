//! The plan of a list: what each page asks for, and whether another one follows. Pure: nothing here sends anything.

use std::collections::HashSet;

use b24_core::{Cursor, Direction, Error, Params, SdkCode, filter};
use serde_json::value::RawValue;

use super::{
    advance::{Advance, Moved},
    params::{Entries, json, with_text},
    row_id::RowId,
};

/// A list on its way.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// The caller's parameters, without what the pages write.
    params: Entries,
    way: Way,
    advance: Advance,
    /// The largest page so far.
    largest: usize,
    /// Only an empty page ends the list.
    exhaustive: bool,
}

/// How the pages follow each other.
#[derive(Clone, Debug)]
enum Way {
    /// v2: `filter: {">ID": last}`, `order`, `start: -1`.
    Keyset2 { key: Box<str>, filter: Entries, direction: Direction },
    /// v3: a condition more in `filter`, `order`, `pagination`.
    Keyset3 { key: Box<str>, filter: Vec<Box<RawValue>>, direction: Direction, limit: u16 },
    /// v3: `cursor`.
    Tail { field: Box<str>, direction: Direction, limit: u16 },
    /// v2: `start`, from one page's `next` to the other.
    Offset(Offset),
}

#[derive(Clone, Debug, Default)]
struct Offset {
    start: u64,
    first: Option<RowId>,
    seen: HashSet<RowId>,
    rows: u64,
}

/// What came of a page.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Which of its rows are given out; `None` for all.
    pub(super) keep: Option<Vec<bool>>,
    /// Whether another page is asked for, or why it cannot be.
    pub(super) more: Result<bool, Error>,
}

impl Walk {
    pub(super) fn keyset2(
        mut params: Entries,
        key: &str,
        direction: Direction,
        resume: Option<Cursor>,
        exhaustive: bool,
    ) -> Result<Self, Error> {
        let filter = params.take_in_any_case("filter")?;
        let filter = filter.map(|filter| Entries::read(filter.get().as_bytes()));
        let refused = || Error::usage(SdkCode::InvalidFilter, "the filter of a v2 list is an object");
        let mut filter = filter.unwrap_or_else(|| Some(Entries::default())).ok_or_else(refused)?;
        for replaced in ["order", "start"] {
            params.take_in_any_case(replaced)?;
        }
        let begin = bound(&mut filter, &bound_name(direction, key))?;
        let zero = (direction == Direction::Asc).then(|| Cursor::from(0));
        let begin = later(direction, begin, resume).or(zero);
        let way = Way::Keyset2 { key: key.into(), filter, direction };
        Ok(Self { params, way, advance: Advance::new(direction, begin), largest: 0, exhaustive })
    }

    pub(super) fn keyset3(
        mut params: Entries,
        key: &str,
        direction: Direction,
        limit: u16,
        resume: Option<Cursor>,
        exhaustive: bool,
    ) -> Result<Self, Error> {
        check_limit(limit)?;
        let filter = match params.remove("filter") {
            None => Vec::new(),
            Some(filter) if filter.get() == "null" => Vec::new(),
            Some(filter) => {
                filter::v3::check(&filter)?;
                let refused =
                    |_| Error::usage(SdkCode::InvalidFilter, "the filter of a v3 list is a list of conditions");
                serde_json::from_str(filter.get()).map_err(refused)?
            }
        };
        for replaced in ["order", "pagination"] {
            params.remove(replaced);
        }
        let begin = resume.or_else(|| (direction == Direction::Asc).then(|| Cursor::from(0)));
        let way = Way::Keyset3 { key: key.into(), filter, direction, limit };
        Ok(Self { params, way, advance: Advance::new(direction, begin), largest: 0, exhaustive })
    }

    pub(super) fn tail(
        mut params: Entries,
        field: &str,
        direction: Direction,
        limit: u16,
        begin: Option<Cursor>,
        exhaustive: bool,
    ) -> Result<Self, Error> {
        check_limit(limit)?;
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
        let way = Way::Tail { field: field.into(), direction, limit };
        Ok(Self { params, way, advance: Advance::new(direction, Some(begin)), largest: 0, exhaustive })
    }

    pub(super) fn offset(mut params: Entries) -> Result<Self, Error> {
        params.take_in_any_case("start")?;
        let way = Way::Offset(Offset::default());
        Ok(Self { params, way, advance: Advance::new(Direction::Asc, None), largest: 0, exhaustive: false })
    }

    /// The parameters of the next page.
    pub(super) fn request(&self) -> Result<Params, Error> {
        let mut params = self.params.clone();
        let last = self.advance.cursor();
        match &self.way {
            Way::Keyset2 { key, filter, direction } => {
                let mut filter = filter.clone();
                if let Some(last) = last {
                    filter.set(&bound_name(*direction, key), json(last));
                }
                params.set("order", order(key, *direction));
                params.set("filter", json(&filter));
                // No counting: https://apidocs.bitrix24.com/settings/performance/huge-data.html
                params.set("start", json(&-1));
            }
            Way::Keyset3 { key, filter, direction, limit } => {
                let beyond = match direction {
                    Direction::Asc => ">",
                    Direction::Desc => "<",
                };
                let bound = last.map(|last| json(&(key, beyond, last)));
                let filter: Vec<_> = filter.iter().cloned().chain(bound).collect();
                params.set("filter", json(&filter));
                params.set("order", order(key, *direction));
                params.set("pagination", json(&std::collections::BTreeMap::from([("limit", limit)])));
            }
            Way::Tail { field, direction, limit } => {
                let cursor = TailCursor { field, value: last, order: *direction, limit: *limit };
                params.set("cursor", json(&cursor));
            }
            Way::Offset(offset) => params.set("start", json(&offset.start)),
        }
        params.to_params()
    }

    /// After which row the list goes on, for the caller to keep. An offset is no such thing.
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        match self.way {
            Way::Offset(_) => None,
            _ => self.advance.cursor(),
        }
    }

    /// Takes note of a page. `unfit`: a row after the last of `ids` could not be read, which ends the list.
    pub(super) fn accept(&mut self, ids: &[RowId], next: Option<u64>, total: Option<u64>, unfit: bool) -> Verdict {
        if let Way::Offset(offset) = &mut self.way {
            return offset.accept(ids, next, total);
        }
        self.largest = self.largest.max(ids.len());
        let is_last = match self.way {
            _ if unfit || ids.is_empty() => true,
            _ if self.exhaustive => false,
            Way::Keyset3 { limit, .. } | Way::Tail { limit, .. } => {
                // A portal may cap the page without saying so: only a page shorter than those it gives is the last.
                ids.len() < usize::from(limit).min(self.largest.max(PAGE))
            }
            Way::Keyset2 { .. } | Way::Offset(_) => ids.len() < PAGE,
        };
        let Moved { rows_are_new, trouble } = self.advance.over(ids, is_last);
        let keep = (!rows_are_new).then(|| vec![false; ids.len()]);
        Verdict { keep, more: trouble.map_or(Ok(!is_last), Err) }
    }
}

impl Offset {
    fn accept(&mut self, ids: &[RowId], next: Option<u64>, total: Option<u64>) -> Verdict {
        let first = ids.first().filter(|id| **id != RowId::Missing);
        // Past the end, portals begin anew with page 1:
        // https://apidocs.bitrix24.com/settings/how-to-call-rest-api/list-methods-pecularities.html
        let wrapped = self.start > 0 && first.is_some() && first == self.first.as_ref();
        if self.first.is_none() {
            self.first = first.cloned();
        }
        let keep: Vec<bool> = ids.iter().map(|id| *id == RowId::Missing || self.seen.insert(id.clone())).collect();
        self.rows += keep.iter().map(|keep| u64::from(*keep)).sum::<u64>();
        let more = if wrapped {
            let all = total.is_some_and(|total| self.rows >= total);
            if all {
                Ok(false)
            } else {
                Err(stalled("is the first one again, and whether there were more rows is unknown"))
            }
        } else {
            self.go_on(ids.len(), next, total)
        };
        Verdict { keep: Some(keep), more }
    }

    fn go_on(&mut self, page: usize, next: Option<u64>, total: Option<u64>) -> Result<bool, Error> {
        let count = u64::try_from(page).unwrap_or_default();
        let next = match next {
            _ if page == 0 => return Ok(false),
            Some(next) => next,
            // Some methods tell no `next`, and a `total` that is the size of the page: a full one proves nothing.
            None if page >= PAGE && total.is_none_or(|total| total <= count) => self.start + count,
            None => return Ok(false),
        };
        if next <= self.start {
            return Err(stalled("is followed by one that does not stand after it"));
        }
        self.start = next;
        Ok(true)
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
                Direction::Asc => order == Some(std::cmp::Ordering::Less),
                Direction::Desc => order == Some(std::cmp::Ordering::Greater),
            };
            Some(if behind { bound } else { resume })
        }
        (bound, resume) => resume.or(bound),
    }
}

fn order(key: &str, direction: Direction) -> Box<RawValue> {
    json(&std::collections::BTreeMap::from([(key, direction)]))
}

fn check_limit(limit: u16) -> Result<(), Error> {
    if (1..=LARGEST_PAGE).contains(&limit) {
        return Ok(());
    }
    let text = format!("the page size of a v3 list is 1 to {LARGEST_PAGE}");
    Err(Error::usage(SdkCode::InvalidParams, text))
}

fn stalled(what: &str) -> Error {
    Error::unexpected(SdkCode::CursorStalled, format!("a page of the list {what}"))
}

#[derive(serde::Serialize)]
struct TailCursor<'a> {
    field: &'a str,
    value: Option<&'a Cursor>,
    order: Direction,
    limit: u16,
}

/// The page of v2, and the least that a portal caps a page of v3 to.
const PAGE: usize = 50;
/// <https://apidocs.bitrix24.com/api-reference/rest-v3.html>: beyond it, portals cap without a word.
const LARGEST_PAGE: u16 = 1000;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn entries(params: &Value) -> Entries {
        Entries::read(params.to_string().as_bytes()).unwrap()
    }

    fn asks(walk: &Walk) -> Value {
        serde_json::from_slice(walk.request().unwrap().as_bytes()).unwrap()
    }

    fn numbers(ids: std::ops::Range<u64>) -> Vec<RowId> {
        ids.map(RowId::Number).collect()
    }

    fn keyset2(params: &Value, direction: Direction, resume: Option<u64>) -> Result<Walk, Error> {
        Walk::keyset2(entries(params), "ID", direction, resume.map(Cursor::from), false)
    }

    #[test]
    fn v2_goes_by_a_bound_of_the_filter() {
        let params = json!({ "select": ["ID"], "FILTER": { "A": 1 }, "order": { "X": "DESC" }, "start": 5 });
        let mut walk = keyset2(&params, Direction::Asc, None).unwrap();
        let page = |last: u64| json!({ "select": ["ID"], "order": { "ID": "ASC" }, "filter": { "A": 1, ">ID": last }, "start": -1 });
        assert_eq!(asks(&walk), page(0));
        assert!(walk.accept(&numbers(1..51), None, None, false).more.unwrap());
        assert_eq!(asks(&walk), page(50));
        assert!(!walk.accept(&numbers(51..60), None, None, false).more.unwrap());
        assert_eq!(walk.cursor(), Some(&Cursor::from(59)));
    }

    #[test]
    fn downwards_there_is_no_bound_at_first() {
        let mut walk = keyset2(&json!({}), Direction::Desc, None).unwrap();
        assert_eq!(asks(&walk), json!({ "order": { "ID": "DESC" }, "filter": {}, "start": -1 }));
        let down: Vec<_> = (51..=100).rev().map(RowId::Number).collect();
        assert!(walk.accept(&down, None, None, false).more.unwrap());
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

    fn keyset3(params: &Value, limit: u16) -> Result<Walk, Error> {
        Walk::keyset3(entries(params), "id", Direction::Asc, limit, None, false)
    }

    #[test]
    fn v3_adds_a_condition() {
        let params = json!({ "filter": [["status", "=", "NEW"]], "pagination": { "page": 7 } });
        let walk = keyset3(&params, 20).unwrap();
        let want = json!({ "filter": [["status", "=", "NEW"], ["id", ">", 0]], "order": { "id": "ASC" }, "pagination": { "limit": 20 } });
        assert_eq!(asks(&walk), want);
        assert_eq!(keyset3(&json!({ "filter": { ">id": 5 } }), 50).unwrap_err().code(), "INVALID_FILTER");
        for bad in [0, 1001] {
            assert_eq!(keyset3(&json!({}), bad).unwrap_err().code(), "INVALID_PARAMS");
        }
    }

    // Fact: `limit` above what a method allows is capped silently.
    #[test]
    fn the_size_of_a_page_is_learned_from_the_portal() {
        for (limit, pages, want) in [
            (50, &[30][..], &[false][..]),
            (50, &[50, 1], &[true, false]),
            (20, &[20, 5], &[true, false]),
            (20, &[5], &[false]),
            // Capped to 50, and to 500.
            (1000, &[50, 50, 49], &[true, true, false]),
            (1000, &[500, 499], &[true, false]),
            (1000, &[49], &[false]),
        ] {
            let mut walk = keyset3(&json!({}), limit).unwrap();
            let mut last = 1;
            for (page, want) in pages.iter().zip(want) {
                let more = walk.accept(&numbers(last..last + page), None, None, false).more.unwrap();
                assert_eq!(more, *want, "{limit} {pages:?}");
                last += page;
            }
        }
    }

    #[test]
    fn an_exhaustive_list_ends_with_an_empty_page() {
        let mut walk = Walk::keyset2(entries(&json!({})), "ID", Direction::Asc, None, true).unwrap();
        assert!(walk.accept(&numbers(1..8), None, None, false).more.unwrap());
        assert!(walk.accept(&numbers(8..40), None, None, false).more.unwrap());
        assert!(!walk.accept(&[], None, None, false).more.unwrap());
    }

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

    fn offset(pages: &[(std::ops::Range<u64>, Option<u64>, Option<u64>)]) -> (u64, Result<bool, String>) {
        let mut walk = Walk::offset(entries(&json!({ "start": 7, "order": { "A": "ASC" } }))).unwrap();
        assert_eq!(asks(&walk), json!({ "order": { "A": "ASC" }, "start": 0 }));
        let (mut rows, mut outcome) = (0, Ok(true));
        for (ids, next, total) in pages {
            assert_eq!(outcome, Ok(true), "asked for a page after the last");
            let verdict = walk.accept(&numbers(ids.clone()), *next, *total, false);
            rows += verdict.keep.unwrap().iter().map(|keep| u64::from(*keep)).sum::<u64>();
            outcome = verdict.more.map_err(|error| error.code().to_owned());
        }
        (rows, outcome)
    }

    // Facts: past the end, portals begin anew with page 1; rows come twice when others were added meanwhile.
    #[test]
    fn a_list_by_offset_ends_or_fails() {
        let stalled = || Err("CURSOR_STALLED".to_owned());
        let total = Some(120);
        assert_eq!(
            offset(&[(1..51, Some(50), total), (51..101, Some(100), total), (101..121, None, total)]),
            (120, Ok(false))
        );
        assert_eq!(
            offset(&[(1..51, Some(50), total), (41..91, Some(100), total), (91..121, None, total)]),
            (120, Ok(false))
        );
        assert_eq!(offset(&[(1..51, Some(50), Some(50)), (1..51, Some(100), Some(50))]), (50, Ok(false)));
        assert_eq!(offset(&[(1..51, Some(50), total), (1..51, Some(100), total)]), (50, stalled()));
        assert_eq!(offset(&[(1..51, Some(50), total), (51..101, Some(50), total)]), (100, stalled()));
        // Fact: the `total` of addresses is the size of the page.
        let page = Some(50);
        assert_eq!(offset(&[(1..51, None, page), (51..101, None, page), (101..109, None, page)]), (108, Ok(false)));
        assert_eq!(offset(&[(1..51, None, Some(50)), (1..51, None, Some(50))]), (50, Ok(false)));
        assert_eq!(offset(&[(1..51, None, None), (51..51, None, None)]), (50, Ok(false)));
        assert_eq!(offset(&[(1..51, None, None), (1..51, None, None)]), (50, stalled()));
        assert_eq!(offset(&[(1..8, None, None)]), (7, Ok(false)));
    }
}
