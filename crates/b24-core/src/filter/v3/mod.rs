//! Filters of v3: a list of triples and groups, all of which must hold.
//!
//! ```
//! use b24_core::filter::v3::{Filter, between, eq, gt, in_, or};
//!
//! let filter = Filter::new([
//!     eq("status", "NEW"),
//!     or([in_("id", [1, 2]), gt("id", 100)]),
//!     between("createdTime", "2025-01-01", "2025-12-31"),
//! ])?;
//! assert_eq!(
//!     serde_json::to_string(&filter).unwrap(),
//!     r#"[["status","=","NEW"],{"logic":"or","conditions":[["id","in",[1,2]],["id",">",100]]},["createdTime","between",["2025-01-01","2025-12-31"]]]"#
//! );
//! # Ok::<(), b24_core::Error>(())
//! ```
//!
//! There are these eight operators and no others, none of them for parts of texts. A portal filters only by the fields
//! that the method's `*.field.list` calls filterable.
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/rest-v3/index.html>

mod build;
mod check;
mod operator;

pub use build::{Condition, Filter, and, between, eq, ge, gt, in_, le, lt, ne, not, or};
pub use check::{check, mentions};
