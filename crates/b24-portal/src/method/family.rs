//! A list method as data: which rows, where they stand in the answer, how they are spelled, how they are paged.
//!
//! <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/list-methods-pecularities.html>

use std::borrow::Cow;

use super::paging::{PAGE, Page, Paging};
use super::world::World;
use super::{Call, asked};
use crate::engine::error::Refusal;
use crate::store::{Column, Cond, Kind, Order, Table};
use crate::value::{Array, Key, Value, map};

/// A family of rows that can be listed.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) table: fn(&World) -> &Table,
    /// What its required parameters narrow the rows to, or the refusal when one is absent.
    pub(crate) within: fn(&World, &Array) -> Result<Cond, Refusal>,
    pub(crate) rows: Rows,
    pub(crate) spelling: Spelling,
    /// Whether numbers are texts.
    pub(crate) texts: bool,
    pub(crate) paging: Paging,
    pub(crate) total: Total,
    pub(crate) filter: Filter,
    /// The parameter with the sort keys, in capitals.
    pub(crate) order: &'static str,
    /// Whether `select` means anything to it.
    pub(crate) selects: bool,
    /// Rows that are taken off a page after it was read.
    pub(crate) hides: Option<fn(i64) -> bool>,
}

/// Where the rows stand in `result`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rows {
    /// They are the result.
    Bare,
    /// In a list under this key.
    Under(&'static str),
    /// Under this key, and there each under its id.
    Keyed(&'static str),
}

/// How the fields are spelled, in questions as in answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spelling {
    Upper,
    Camel,
}

/// What is told about how many rows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Total {
    /// `total`, and `next` where there is one.
    Told,
    /// Nothing.
    Untold,
    /// No more than a page, unless nothing was to be counted: then, of all things, the truth.
    Capped,
}

/// Where the conditions are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Filter {
    /// Under `FILTER`.
    Named,
    /// The parameters themselves.
    Parameters,
    /// There are none; a filter that is sent changes nothing.
    Ignored,
}

/// The base to build others from: a bare list in UPPER, as the oldest methods answer.
pub(crate) const CLASSIC: Family = Family {
    table: |world| &world.deals,
    within: |_, _| Ok(Cond::everything()),
    rows: Rows::Bare,
    spelling: Spelling::Upper,
    texts: true,
    paging: Paging::Wrapping,
    total: Total::Told,
    filter: Filter::Named,
    order: "ORDER",
    selects: true,
    hides: None,
};

/// The base of what a controller answers: typed rows in camelCase.
pub(crate) const CONTROLLER: Family =
    Family { spelling: Spelling::Camel, texts: false, paging: Paging::Flooring, ..CLASSIC };

impl Family {
    pub(crate) fn list(&self, world: &World, call: &Call<'_>) -> Result<Value, Refusal> {
        let table = (self.table)(world);
        let params = call.params.upper();
        let filter = Cond::All(vec![(self.within)(world, &params)?, self.read_filter(table, &params)]);
        let columns = self.read_select(table, if self.selects { params.get("SELECT") } else { None });
        let uncounted = call.start.is_some_and(|start| start < 0);
        let counted = (self.total == Total::Capped && uncounted).then(|| filter.count(table));
        let mut page = Page::read(table, filter, self.read_order(table, &params), call, self.paging);
        match self.total {
            Total::Told => {}
            Total::Untold => (page.next, page.total) = (None, None),
            Total::Capped => {
                let total = counted.or(page.total.map(|total| total.min(PAGE)));
                (page.next, page.total) = (None, total);
            }
        }
        if let Some(hides) = self.hides {
            page.ids.retain(|id| !hides(*id));
        }
        let mut result = self.show(table, &page.ids, &columns);
        page.mark(&mut result);
        Ok(result.into())
    }

    fn show(&self, table: &Table, ids: &[i64], columns: &[&Column]) -> Array {
        let rows = ids.iter().map(|id| self.row(table, *id, columns));
        match self.rows {
            Rows::Bare => rows.collect(),
            Rows::Under(key) => map! { key => rows.collect::<Array>() },
            Rows::Keyed(key) => {
                let mut keyed = Array::new();
                for (id, row) in ids.iter().zip(rows) {
                    keyed.set(Key::Int(*id), row);
                }
                map! { key => keyed }
            }
        }
    }

    fn row(&self, table: &Table, id: i64, columns: &[&Column]) -> Array {
        let mut row = Array::new();
        for column in columns {
            let kept = table.value(id, column);
            let shown = if self.texts { column.kind.stringly(&kept) } else { column.kind.typed(&kept) };
            row.set(self.spelling.of(column), shown);
        }
        row
    }

    fn find(&self, table: &Table, name: &str) -> Option<&'static Column> {
        match self.spelling {
            Spelling::Upper => table.upper_column(name),
            Spelling::Camel => table.column(name),
        }
    }

    fn read_filter(&self, table: &Table, params: &Array) -> Cond {
        let find = |name: &str| self.find(table, name);
        match self.filter {
            Filter::Named => asked::filter(params.get("FILTER"), find, |op, _| op),
            Filter::Parameters => {
                let mut params = params.clone();
                // Of these two names the first is a field as well.
                params.take("SORT");
                params.take("ORDER");
                asked::filter(Some(&params.into()), find, |op, _| op)
            }
            Filter::Ignored => Cond::everything(),
        }
    }

    /// Sort keys are an object; a plain direction belongs to the field that `SORT` names.
    fn read_order(&self, table: &Table, params: &Array) -> Vec<Order> {
        let order = params.get(self.order);
        match (order, params.get("SORT").and_then(Value::as_str)) {
            (Some(Value::Array(_)), _) | (_, None) => asked::order(order, |name| self.find(table, name)),
            (direction, Some(name)) => {
                let descending = direction.is_some_and(asked::is_descending);
                self.find(table, &name.to_uppercase()).map(|column| Order { column, descending }).into_iter().collect()
            }
        }
    }

    /// Without `select`, and with `*`, everything but what is shown on request only.
    fn read_select(&self, table: &Table, select: Option<&Value>) -> Vec<&'static Column> {
        let names: Vec<Cow<'_, str>> = match select.and_then(Value::as_array) {
            Some(select) if !select.is_empty() => select.values().filter_map(Value::to_text).collect(),
            _ => vec!["*".into()],
        };
        let all = names.iter().any(|name| name == "*");
        let named = |column: &Column| names.iter().any(|name| name == self.spelling.of(column));
        table.columns.iter().filter(|column| named(column) || all && column.kind != Kind::Multi).collect()
    }
}

impl Spelling {
    fn of(self, column: &Column) -> &'static str {
        match self {
            Self::Upper => column.upper,
            Self::Camel => column.name,
        }
    }
}
