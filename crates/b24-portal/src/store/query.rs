//! A question to a table: which rows, in what order, from where, how many.

use std::cmp::Ordering;

use super::column::Column;
use super::filter::{Cond, compare};
use super::table::Table;
use crate::value::Value;

/// One sort key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) column: &'static Column,
    pub(crate) descending: bool,
}

/// A question.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) filter: Cond,
    pub(crate) order: Vec<Order>,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

impl Query {
    /// The ids of the page.
    ///
    /// In the order of ids a page costs what is on it, however deep it is, as long as only the id is filtered by:
    /// that is what reading a million rows page by page stands on. Another filter is looked at row by row.
    pub(crate) fn page(&self, table: &Table) -> Vec<i64> {
        match self.order.first() {
            Some(order) if !order.column.is_id() => self.sorted(table),
            order => {
                let descending = order.is_some_and(|order| order.descending);
                match self.filter.is_id_range() {
                    true => self.stretch(table, descending),
                    false => self.filter.ids(table, descending).skip(self.offset).take(self.limit).collect(),
                }
            }
        }
    }

    /// The page of a filter that is nothing but a range of ids.
    fn stretch(&self, table: &Table, descending: bool) -> Vec<i64> {
        let (low, high) = self.filter.id_range();
        let (index, first) = if descending {
            let Some(index) = table.count(low, high).checked_sub(self.offset + 1) else { return Vec::new() };
            (index, high)
        } else {
            (self.offset, low)
        };
        // A first page needs no search for its first row.
        let first = if self.offset == 0 { Some(first) } else { table.nth_from(low, index) };
        let Some(first) = first else { return Vec::new() };
        let (low, high) = if descending { (low, first) } else { (first, high) };
        table.ids(low, high, descending).take(self.limit).collect()
    }

    /// How many rows match, paging aside.
    pub(crate) fn total(&self, table: &Table) -> usize {
        self.filter.count(table)
    }

    fn sorted(&self, table: &Table) -> Vec<i64> {
        let mut rows: Vec<(Vec<Value>, i64)> = self
            .filter
            .ids(table, false)
            .map(|id| (self.order.iter().map(|order| table.value(id, order.column)).collect(), id))
            .collect();
        rows.sort_by(|(left, left_id), (right, right_id)| {
            self.order
                .iter()
                .zip(left.iter().zip(right))
                .map(|(order, (left, right))| {
                    let ordering = compare(left, right).unwrap_or(Ordering::Equal);
                    if order.descending { ordering.reverse() } else { ordering }
                })
                .find(|ordering| ordering.is_ne())
                .unwrap_or_else(|| left_id.cmp(right_id))
        });
        rows.into_iter().skip(self.offset).take(self.limit).map(|(_, id)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::column::Origin;
    use crate::store::filter::Op;
    use crate::store::ids::Ids;
    use crate::store::schema;

    #[derive(Clone, Debug)]
    enum Write {
        Add,
        Update(i64),
        Delete(i64),
    }

    fn write() -> impl Strategy<Value = Write> {
        prop_oneof![Just(Write::Add), (-1_i64..40).prop_map(Write::Update), (-1_i64..40).prop_map(Write::Delete),]
    }

    fn table(rows: u32, gap: Option<u32>, writes: &[Write]) -> Table {
        let origin = Origin { seed: 1, table: 2, id: 0, started: 1_000_000_000 };
        let mut table = Table::new(schema::DEAL, Ids::new(rows, gap), origin);
        let title = |text: &'static str| [("title", Value::from(text))].into();
        for write in writes {
            match write {
                Write::Add => {
                    table.add(title("added"));
                }
                Write::Update(id) => {
                    table.update(*id, title("changed"));
                }
                Write::Delete(id) => {
                    table.delete(*id);
                }
            }
        }
        table
    }

    proptest! {
        /// The index may only ever save work: the answer is that of looking at every row.
        #[test]
        fn pages_and_totals_agree_with_a_full_scan(
            rows in 0_u32..30,
            gap in prop::option::of(1_u32..5),
            writes in prop::collection::vec(write(), 0..12),
            tests in prop::collection::vec((0_usize..6, prop::collection::vec(-2_i64..45, 1..3)), 0..3),
            descending: bool,
            by_title: bool,
            (offset, limit) in (0_usize..45, 1_usize..20),
        ) {
            let table = table(rows, gap, &writes);
            let (Some(id), Some(title)) = (table.column("id"), table.column("title")) else { unreachable!() };
            const OPS: [Op; 6] = [Op::In, Op::NotIn, Op::Greater, Op::GreaterOrEqual, Op::Less, Op::LessOrEqual];
            let conds = tests.iter().map(|(op, ids)| {
                let ids = if *op < 2 { ids.clone() } else { vec![ids[0]] };
                Cond::test(id, OPS[*op], &Value::from(ids))
            });
            let order = Order { column: if by_title { title } else { id }, descending };
            let query = Query { filter: Cond::All(conds.collect()), order: vec![order], offset, limit };

            let mut scanned: Vec<i64> =
                (0..200).filter(|id| table.contains(*id) && query.filter.matches(&table, *id)).collect();
            prop_assert_eq!(query.total(&table), scanned.len());
            scanned.sort_by(|left, right| {
                let keys = (table.value(*left, order.column), table.value(*right, order.column));
                let ordering = compare(&keys.0, &keys.1).unwrap_or(Ordering::Equal);
                (if descending { ordering.reverse() } else { ordering }).then(left.cmp(right))
            });
            let want: Vec<i64> = scanned.into_iter().skip(offset).take(limit).collect();
            prop_assert_eq!(query.page(&table), want);
        }
    }
}
