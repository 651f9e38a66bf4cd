//! Filters: which rows a list brings, in the two forms of the two generations of the API.
//!
//! * [`v3`]: a list of triples and groups, `[["id",">",5],{"logic":"or","conditions":[..]}]`.
//! * [`v2`]: a map whose keys carry the operator, `{">ID":5,"@STAGE_ID":["NEW","WON"]}`.
//!
//! Neither generation takes the other's form. Both modules have the same shape: functions that make one condition each,
//! and a `Filter` that holds several and is checked when it is made. Raw JSON stays possible everywhere a filter is
//! taken; [`v3::check`] looks at it in the same way.
//!
//! Why it is worth checking here: classic v2 families drop a key that they do not know and answer with every row.

mod operand;
mod place;
mod rules;
mod scalar;
pub mod v2;
pub mod v3;

pub use scalar::Scalar;
