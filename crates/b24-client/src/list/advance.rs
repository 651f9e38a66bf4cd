//! Whether a page moved the cursor on.

use std::cmp::Ordering;

use b24_core::{Cursor, Direction, Error, SdkCode};

use super::row_id::RowId;

/// What is kept of the pages so far, so that a list cannot go round.
#[derive(Clone, Debug)]
pub(super) struct Advance {
    direction: Direction,
    last: Option<Cursor>,
    /// A cursor from before, and how many pages it is kept for: where texts come again, one of them is met again.
    landmark: Option<Cursor>,
    pages: u64,
}

/// What a page did.
#[derive(Debug)]
pub(super) struct Moved {
    /// Whether its rows are new.
    pub(super) rows_are_new: bool,
    /// Why there is no page after it.
    pub(super) trouble: Option<Error>,
}

impl Advance {
    /// `last`: where the list begins.
    pub(super) fn new(direction: Direction, last: Option<Cursor>) -> Self {
        Self { direction, last, landmark: None, pages: 0 }
    }

    /// After which row it goes on; `None` at the beginning of all.
    pub(super) fn cursor(&self) -> Option<&Cursor> {
        self.last.as_ref()
    }

    /// Looks at the ids of a page. On the last one, only rows that were there before are a trouble.
    pub(super) fn over(&mut self, ids: &[RowId], is_last: bool) -> Moved {
        let begun = self.last.as_ref().map(RowId::from);
        if let Some(trouble) = self.repeated(begun.as_ref(), ids) {
            return Moved { rows_are_new: false, trouble: Some(trouble) };
        }
        if let Some(trouble) = self.disorder(ids).filter(|_| !is_last) {
            // The cursor stays: after the last row of a page that is in no order, rows would be passed over.
            return Moved { rows_are_new: true, trouble: Some(trouble) };
        }
        let last = ids.iter().rev().find_map(RowId::cursor);
        let stuck = !is_last && last.as_ref().is_some_and(|last| self.seen_before(last));
        if let Some(last) = last {
            self.last = Some(last);
        }
        Moved { rows_are_new: true, trouble: stuck.then(|| stalled("came back to where it was")) }
    }

    /// A row that does not stand after the cursor was read before, or should have been.
    fn repeated(&self, begun: Option<&RowId>, ids: &[RowId]) -> Option<Error> {
        let repeats = |id: &&RowId| begun.and_then(|begun| self.order(begun, id)) == Some(false);
        ids.iter().find(repeats).map(|_| stalled("has a row that does not stand after the last one of the page before"))
    }

    fn disorder(&self, ids: &[RowId]) -> Option<Error> {
        if ids.contains(&RowId::Missing) {
            return Some(stalled(
                "has a row without a readable id: the id must be selected, and its key be spelled as the rows spell it",
            ));
        }
        let unsorted = ids.windows(2).any(|pair| self.order(&pair[0], &pair[1]) == Some(false));
        unsorted.then(|| stalled("is not in the order of ids, so that rows would be lost"))
    }

    /// Whether the second stands after the first; `None` where that cannot be told.
    fn order(&self, first: &RowId, second: &RowId) -> Option<bool> {
        let wanted = match self.direction {
            Direction::Asc => Ordering::Less,
            Direction::Desc => Ordering::Greater,
        };
        first.compare(second).map(|order| order == wanted)
    }

    /// Texts are in no order that we know: one that comes a second time is a circle. The landmark is moved up at every
    /// power of two, so that a circle of any length meets it.
    fn seen_before(&mut self, last: &Cursor) -> bool {
        let seen = self.landmark.as_ref() == Some(last);
        self.pages += 1;
        if self.pages.is_power_of_two() {
            self.landmark = Some(last.clone());
        }
        seen
    }
}

fn stalled(what: &str) -> Error {
    Error::unexpected(SdkCode::CursorStalled, format!("a page of the list {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(ids: &[u64]) -> Vec<RowId> {
        ids.iter().copied().map(RowId::Number).collect()
    }

    fn texts(ids: &[&str]) -> Vec<RowId> {
        ids.iter().copied().map(RowId::from_text).collect()
    }

    #[test]
    fn a_page_moves_the_cursor_to_its_last_row() {
        let mut advance = Advance::new(Direction::Asc, Some(Cursor::from(0)));
        assert!(advance.over(&numbers(&[1, 5, 9]), false).trouble.is_none());
        assert_eq!(advance.cursor(), Some(&Cursor::from(9)));
        assert!(advance.over(&texts(&["10", "123456789012345678901234567890"]), false).trouble.is_none());
        assert_eq!(advance.cursor(), Some(&Cursor::from("123456789012345678901234567890")));
        let mut down = Advance::new(Direction::Desc, None);
        assert!(down.over(&numbers(&[9, 5, 1]), false).trouble.is_none());
        assert!(!down.over(&numbers(&[1, 0]), false).rows_are_new);
    }

    // Fact: not every family honours the filter by id; then the same page comes again.
    #[test]
    fn rows_that_come_again_are_not_given_out() {
        let mut advance = Advance::new(Direction::Asc, None);
        assert!(advance.over(&numbers(&[1, 2, 3]), false).rows_are_new);
        for (again, is_last) in [(&[1, 2, 3], false), (&[3, 4, 5], false), (&[1, 2, 3], true), (&[4, 2, 5], true)] {
            let moved = advance.over(&numbers(again), is_last);
            assert_eq!((moved.rows_are_new, moved.trouble.unwrap().code()), (false, "CURSOR_STALLED"));
        }
        assert_eq!(advance.cursor(), Some(&Cursor::from(3)));
    }

    #[test]
    fn a_page_out_of_order_or_without_ids_is_the_last_that_is_given_out() {
        for ids in [numbers(&[1, 3, 2]), vec![RowId::Number(1), RowId::Missing], vec![RowId::Missing]] {
            let mut advance = Advance::new(Direction::Asc, Some(Cursor::from(0)));
            let moved = advance.over(&ids, false);
            assert_eq!((moved.rows_are_new, moved.trouble.unwrap().code()), (true, "CURSOR_STALLED"));
            assert_eq!(advance.cursor(), Some(&Cursor::from(0)), "to go on here would pass rows over");
            // Where nothing comes after it, nothing can be lost.
            assert!(Advance::new(Direction::Asc, None).over(&ids, true).trouble.is_none());
        }
    }

    #[test]
    fn a_circle_of_texts_is_found() {
        let mut advance = Advance::new(Direction::Asc, None);
        let circle = ["b", "a", "c"];
        let found = (0..20).position(|page| advance.over(&texts(&[circle[page % 3]]), false).trouble.is_some());
        assert!(found.is_some_and(|page| page < 10), "{found:?}");
    }
}
