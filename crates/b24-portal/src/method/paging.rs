//! Pages of fifty, as v2 counts them.
//!
//! <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/list-methods-pecularities.html>

use super::Call;
use crate::store::{Cond, Order, Query, Table};
use crate::value::Array;

/// Rows on a page; no caller can change it.
pub(crate) const PAGE: usize = 50;

/// How a family turns `start` into a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paging {
    /// `CDBResult`: floored to a page; a page past the end is the first page.
    Wrapping,
    /// A controller: floored to a page; past the end is empty; without counting, `total` is 0.
    Flooring,
    /// ORM: from the very row that `start` names; past the end is empty.
    Exact,
}

/// One page of a list, with the totals that the envelope will lift.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) ids: Vec<i64>,
    pub(crate) next: Option<usize>,
    pub(crate) total: Option<usize>,
}

impl Page {
    pub(crate) fn read(table: &Table, filter: Cond, order: Vec<Order>, call: &Call<'_>, paging: Paging) -> Self {
        let mut query = Query { filter, order, offset: 0, limit: PAGE };
        // A negative start is the caller's promise not to need a total: nothing is counted.
        // https://apidocs.bitrix24.com/settings/performance/huge-data.html
        let Ok(start) = usize::try_from(call.start.unwrap_or(0)) else {
            let total = (paging == Paging::Flooring).then_some(0);
            return Self { ids: query.page(table), next: None, total };
        };
        let total = query.total(table);
        call.note_counted(total);
        query.offset = if paging == Paging::Exact { start } else { start / PAGE * PAGE };
        if paging == Paging::Wrapping && query.offset >= total {
            query.offset = 0;
        }
        let ids = query.page(table);
        let end = query.offset + ids.len();
        Self { next: (end < total && !ids.is_empty()).then_some(end), ids, total: Some(total) }
    }

    /// Adds `next` and `total` to a result, from where the envelope takes them.
    pub(crate) fn mark(&self, result: &mut Array) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        if let Some(next) = self.next {
            result.set("next", number(next));
        }
        if let Some(total) = self.total {
            result.set("total", number(total));
        }
    }
}
