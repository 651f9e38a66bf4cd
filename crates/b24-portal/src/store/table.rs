//! A table: rows made from a seed, and over them whatever clients have added, changed and deleted.

use std::collections::{BTreeMap, HashMap};
use std::iter;

use super::column::{Column, Origin};
use super::ids::Ids;
use crate::value::Value;

/// Values by column name.
pub(crate) type Row = HashMap<&'static str, Value>;

/// A table. A row costs memory only once it is written to.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: &'static [Column],
    ids: Ids,
    origin: Origin,
    /// What clients did: values written over a row, or nothing for a deleted one.
    written: BTreeMap<i64, Option<Row>>,
    next: i64,
    /// The number the next phone or e-mail gets; each made-up row has two.
    next_multi: i64,
}

impl Table {
    pub(crate) fn new(columns: &'static [Column], ids: Ids, origin: Origin) -> Self {
        Self { columns, ids, origin, written: BTreeMap::new(), next: ids.last() + 1, next_multi: 2 * ids.last() + 1 }
    }

    pub(crate) fn add(&mut self, row: Row) -> i64 {
        let id = self.next;
        self.next += 1;
        self.written.insert(id, Some(row));
        id
    }

    /// Writes over a row; false when there is none.
    pub(crate) fn update(&mut self, id: i64, changes: Row) -> bool {
        if !self.contains(id) {
            return false;
        }
        if let Some(row) = self.written.entry(id).or_insert_with(|| Some(Row::new())) {
            row.extend(changes);
        }
        true
    }

    /// Deletes a row; false when there is none.
    pub(crate) fn delete(&mut self, id: i64) -> bool {
        let existed = self.contains(id);
        if existed {
            self.written.insert(id, None);
        }
        existed
    }

    pub(crate) fn contains(&self, id: i64) -> bool {
        match self.written.get(&id) {
            Some(row) => row.is_some(),
            None => self.ids.contains(id),
        }
    }

    /// The value a row keeps in a column. The row must exist.
    pub(crate) fn value(&self, id: i64, column: &Column) -> Value {
        if column.is_id() {
            return Value::Int(id);
        }
        let written = self.written.get(&id).and_then(Option::as_ref);
        if let Some(value) = written.and_then(|row| row.get(column.name)) {
            return value.clone();
        }
        if self.ids.contains(id) { (column.make)(&Origin { id, ..self.origin }) } else { column.absent() }
    }

    /// A number for a new phone or e-mail.
    pub(crate) fn number_multi(&mut self) -> i64 {
        self.next_multi += 1;
        self.next_multi - 1
    }

    pub(crate) fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(crate) fn upper_column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.upper == name)
    }

    /// The largest id that was ever given.
    pub(crate) fn last_id(&self) -> i64 {
        self.next - 1
    }

    /// The ids from `low` to `high`, up or down, without touching any other row.
    pub(crate) fn ids(&self, low: i64, high: i64, descending: bool) -> impl Iterator<Item = i64> {
        let (low, high) = (low.max(1), high.min(self.last_id()));
        let mut at = if descending { high } else { low };
        iter::from_fn(move || {
            if at < low || at > high {
                return None;
            }
            let id = at;
            at += if descending { -1 } else { 1 };
            Some(id)
        })
        .filter(|id| self.contains(*id))
    }

    /// How many rows have ids from `low` to `high`.
    pub(crate) fn count(&self, low: i64, high: i64) -> usize {
        if low > high {
            return 0;
        }
        let born = self.ids.count_to(high) - self.ids.count_to(low - 1);
        let changed: i64 = self
            .written
            .range(low..=high)
            .map(|(id, row)| i64::from(row.is_some()) - i64::from(self.ids.contains(*id)))
            .sum();
        usize::try_from(born + changed).unwrap_or_default()
    }

    /// The id of the row with `index` rows before it from `low` on: arithmetic between the rows that were written to.
    pub(crate) fn nth_from(&self, low: i64, index: usize) -> Option<i64> {
        let low = low.max(1);
        let mut wanted = i64::try_from(index).ok()?;
        let mut at = low;
        for (id, row) in self.written.range(low..) {
            let between = self.ids.count_to(id - 1) - self.ids.count_to(at - 1);
            if wanted < between {
                break;
            }
            wanted -= between;
            at = id + 1;
            if row.is_some() {
                if wanted == 0 {
                    return Some(*id);
                }
                wanted -= 1;
            }
        }
        let id = self.ids.nth(self.ids.count_to(at - 1) + wanted);
        (id <= self.ids.last()).then_some(id)
    }
}
