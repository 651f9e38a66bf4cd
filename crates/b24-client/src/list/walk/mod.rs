//! The plan of a list: what each page asks for, and whether another one follows. Pure: nothing here sends anything.

mod keyset2;
mod keyset3;
mod offset;
mod tail;

use b24_core::{Cursor, Direction, Error, Params, SdkCode};
use serde_json::value::RawValue;

use self::{keyset2::Keyset2, keyset3::Keyset3, offset::Offset, tail::Tail};
use super::{
    advance::{Advance, Moved},
    params::{Entries, Entry, json},
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
    Keyset2(Keyset2),
    Keyset3(Keyset3),
    Tail(Tail),
    Offset(Offset),
}

/// What an answer tells of a page beside its rows.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The same for the same rows.
    pub(super) print: u64,
    pub(super) next: Option<u64>,
    pub(super) total: Option<u64>,
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
        let (way, begin) = Keyset2::new(&mut params, key, direction, resume)?;
        let advance = Advance::new(direction, begin);
        Ok(Self { params, way: Way::Keyset2(way), advance, largest: 0, exhaustive })
    }

    pub(super) fn keyset3(
        mut params: Entries,
        key: &str,
        direction: Direction,
        limit: u16,
        resume: Option<Cursor>,
        exhaustive: bool,
    ) -> Result<Self, Error> {
        let (way, begin) = Keyset3::new(&mut params, key, direction, limit, resume)?;
        let advance = Advance::new(direction, begin);
        Ok(Self { params, way: Way::Keyset3(way), advance, largest: 0, exhaustive })
    }

    pub(super) fn tail(
        mut params: Entries,
        field: &str,
        direction: Direction,
        limit: u16,
        begin: Option<Cursor>,
        exhaustive: bool,
    ) -> Result<Self, Error> {
        let (way, begin) = Tail::new(&mut params, field, direction, limit, begin)?;
        let advance = Advance::new(direction, Some(begin));
        Ok(Self { params, way: Way::Tail(way), advance, largest: 0, exhaustive })
    }

    pub(super) fn offset(mut params: Entries) -> Result<Self, Error> {
        params.take_in_any_case("start")?;
        let advance = Advance::new(Direction::Asc, None);
        Ok(Self { params, way: Way::Offset(Offset::default()), advance, largest: 0, exhaustive: false })
    }

    /// The parameters of the next page.
    pub(super) fn request(&self) -> Result<Params, Error> {
        let mut params = self.params.clone();
        let last = self.advance.cursor();
        match &self.way {
            Way::Keyset2(keyset) => keyset.write(&mut params, last),
            Way::Keyset3(keyset) => keyset.write(&mut params, last),
            Way::Tail(tail) => tail.write(&mut params, last),
            Way::Offset(offset) => offset.write(&mut params),
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
    pub(super) fn accept(&mut self, ids: &[RowId], page: &Told, unfit: bool) -> Verdict {
        if let Way::Offset(offset) = &mut self.way {
            return offset.accept(ids, page);
        }
        self.largest = self.largest.max(ids.len());
        let is_last = match &self.way {
            _ if unfit || ids.is_empty() => true,
            _ if self.exhaustive => false,
            Way::Keyset3(Keyset3 { limit, .. }) | Way::Tail(Tail { limit, .. }) => {
                // A portal may cap the page without saying so: only a page shorter than those it gives is the last.
                ids.len() < usize::from(*limit).min(self.largest.max(PAGE))
            }
            Way::Keyset2(_) | Way::Offset(_) => ids.len() < PAGE,
        };
        let Moved { rows_are_new, trouble } = self.advance.over(ids, is_last);
        let keep = (!rows_are_new).then(|| vec![false; ids.len()]);
        Verdict { keep, more: trouble.map_or(Ok(!is_last), Err) }
    }
}

fn order(key: &str, direction: Direction) -> Box<RawValue> {
    json(&Entry(key, direction))
}

fn check_limit(limit: u16) -> Result<(), Error> {
    if (1..=LARGEST_PAGE).contains(&limit) {
        return Ok(());
    }
    let text = format!("the page size of a v3 list is 1 to {LARGEST_PAGE}");
    Err(Error::usage(SdkCode::InvalidParams, text))
}

/// The page of v2, and the least that a portal caps a page of v3 to.
const PAGE: usize = 50;
/// <https://apidocs.bitrix24.com/api-reference/rest-v3.html>: beyond it, portals cap without a word.
const LARGEST_PAGE: u16 = 1000;

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    pub(super) fn entries(params: &Value) -> Entries {
        Entries::read(params.to_string().as_bytes()).unwrap()
    }

    pub(super) fn asks(walk: &Walk) -> Value {
        serde_json::from_slice(walk.request().unwrap().as_bytes()).unwrap()
    }

    pub(super) fn numbers(ids: std::ops::Range<u64>) -> Vec<RowId> {
        ids.map(RowId::Number).collect()
    }

    #[test]
    fn an_exhaustive_list_ends_with_an_empty_page() {
        let mut walk =
            Walk::keyset2(entries(&Value::Object(serde_json::Map::new())), "ID", Direction::Asc, None, true).unwrap();
        assert!(walk.accept(&numbers(1..8), &Told::default(), false).more.unwrap());
        assert!(walk.accept(&numbers(8..40), &Told::default(), false).more.unwrap());
        assert!(!walk.accept(&[], &Told::default(), false).more.unwrap());
    }
}
