//! The portal's rows: tables made from a seed, their columns, and the questions asked of them.

pub(crate) mod column;
pub(crate) mod filter;
pub(crate) mod ids;
pub(crate) mod query;
pub(crate) mod schema;
pub(crate) mod table;

pub(crate) use column::{Column, Kind};
pub(crate) use filter::{Cond, Op};
pub(crate) use query::{Order, Query};
pub(crate) use table::Table;
