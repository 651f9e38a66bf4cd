//! Decoders for the shapes in which Bitrix24 spells one and the same thing, as serde helpers; and JSON taken apart by one
//! level, without a type for it.
//!
//! An id is `7` in one family and `"7"` in another; a map without entries arrives as a list; a flag is `Y`, `"1"` or
//! `true`. Name the helper at the field, and the type stays honest:
//!
//! ```
//! use b24_core::de;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Deal {
//!     #[serde(rename = "ID", deserialize_with = "de::number")]
//!     id: u64,
//!     #[serde(rename = "CLOSED", deserialize_with = "de::flag")]
//!     closed: bool,
//!     #[serde(rename = "COMPANY_ID", default, deserialize_with = "de::id_or_none")]
//!     company: Option<u64>,
//!     #[serde(rename = "UF_CRM_TAGS", default, deserialize_with = "de::php_list")]
//!     tags: Vec<String>,
//! }
//!
//! let row = r#"{"ID":"7","CLOSED":"N","COMPANY_ID":"0","UF_CRM_TAGS":{"1":"a","3":"b"}}"#;
//! let deal: Deal = serde_json::from_str(row)?;
//! assert_eq!((deal.id, deal.closed, deal.company), (7, false, None));
//! assert_eq!(deal.tags, ["a", "b"]);
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! Source: <https://apidocs.bitrix24.com/api-reference/data-types.html>

mod date_time;
mod flag;
mod number;
mod php;
mod raw;
mod scalar;
mod text;

pub use date_time::date_time_or_none;
pub use flag::{flag, flag_or_none};
pub(crate) use number::float_or_none;
pub use number::{id_or_none, number, number_or_none};
pub use php::{php_list, php_map};
pub use raw::{entries, fields, from_json, list};
pub use text::text_or_none;
