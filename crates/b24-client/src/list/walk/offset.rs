//! v2: `start`, from one page's `next` to the other.
//!
//! Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/list-methods-pecularities.html>

use std::collections::HashSet;

use b24_core::{Error, SdkCode};

use super::{PAGE, Told, Verdict};
use crate::list::{
    params::{Entries, json},
    row_id::RowId,
};

/// Pages by the number of rows before them.
#[derive(Clone, Debug, Default)]
pub(super) struct Offset {
    start: u64,
    /// The ids so far, and for rows without one a number made from the page they stand on.
    seen: HashSet<RowId>,
    pages: HashSet<u64>,
    rows: u64,
}

impl Offset {
    pub(super) fn write(&self, params: &mut Entries) {
        params.set("start", json(&self.start));
    }

    /// Takes note of a page.
    pub(super) fn accept(&mut self, ids: &[RowId], told: &Told) -> Verdict {
        let Told { print, next, total } = *told;
        let page_is_new = self.pages.insert(print);
        let mut is_new = |id: &RowId| if *id == RowId::Missing { page_is_new } else { self.seen.insert(id.clone()) };
        let keep: Vec<bool> = ids.iter().map(&mut is_new).collect();
        let new = keep.iter().map(|keep| u64::from(*keep)).sum::<u64>();
        self.rows += new;
        let more = if new == 0 && !ids.is_empty() {
            // Past the end, portals begin anew with page 1, or give the last page once more.
            let all = total.is_some_and(|total| self.rows >= total);
            if all { Ok(false) } else { Err(stalled("came before, and whether there were more rows is unknown")) }
        } else {
            self.go_on(ids.len(), next, total)
        };
        Verdict { keep: Some(keep), more }
    }

    fn go_on(&mut self, page: usize, next: Option<u64>, total: Option<u64>) -> Result<bool, Error> {
        let count = u64::try_from(page).unwrap_or_default();
        let next = match next {
            _ if page == 0 => return Ok(false),
            Some(next) if next <= self.start => {
                return Err(stalled("is followed by one that does not stand after it"));
            }
            Some(next) => next,
            // Some methods tell no `next`, and a `total` that is the size of the page: a full one proves nothing.
            None if page >= PAGE && total.is_none_or(|total| total <= count || total > self.rows) => self.start + count,
            None => return Ok(false),
        };
        self.start = next;
        Ok(true)
    }
}

fn stalled(what: &str) -> Error {
    Error::unexpected(SdkCode::CursorStalled, format!("a page of the list {what}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Walk, tests::*};
    use super::*;

    fn offset(pages: &[(std::ops::Range<u64>, Option<u64>, Option<u64>)]) -> (u64, Result<bool, String>) {
        let mut walk = Walk::offset(entries(&json!({ "start": 7, "order": { "A": "ASC" } }))).unwrap();
        assert_eq!(asks(&walk), json!({ "order": { "A": "ASC" }, "start": 0 }));
        let (mut rows, mut outcome) = (0, Ok(true));
        for (ids, next, total) in pages {
            assert_eq!(outcome, Ok(true), "asked for a page after the last");
            let told = Told { print: ids.start, next: *next, total: *total };
            let verdict = walk.accept(&numbers(ids.clone()), &told, false);
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
        // The last page once more, and a `next` that grows for ever.
        let pages = [(1..51, Some(50), total), (51..101, Some(100), total), (51..101, Some(150), total)];
        assert_eq!(offset(&pages), (100, stalled()));
        let pages = [(1..51, Some(50), Some(100)), (51..101, Some(100), Some(100)), (51..101, Some(150), Some(100))];
        assert_eq!(offset(&pages), (100, Ok(false)));
        // A `total` of more rows than came, and no `next`.
        assert_eq!(offset(&[(1..51, None, total), (51..101, None, total), (101..121, None, total)]), (120, Ok(false)));
    }

    #[test]
    fn rows_without_ids_are_told_apart_by_their_pages() {
        let mut walk = Walk::offset(entries(&json!({}))).unwrap();
        let page = vec![RowId::Missing; 50];
        let told = |print| Told { print, next: None, total: None };
        assert!(walk.accept(&page, &told(1), false).more.unwrap());
        let second = walk.accept(&page, &told(2), false);
        assert!(second.more.unwrap() && second.keep.unwrap().iter().all(|keep| *keep));
        let again = walk.accept(&page, &told(2), false);
        assert_eq!(again.more.unwrap_err().code(), "CURSOR_STALLED");
        assert!(again.keep.unwrap().iter().all(|keep| !keep));
    }
}
