//! Errors: who refused, and what may have happened.
//!
//! [`Error`] is the one error of every layer: one pointer wide, with one predicate for each question a caller asks.
//! [`RestError`] is the portal's own refusal inside it. What a code means stands in [`codes`].

pub mod codes;
mod facade;
mod kind;
mod rest;
mod shown;
mod source;
mod unreadable;

pub use facade::Error;
pub use kind::{ErrorKind, SdkCode};
pub use rest::{RestError, Validation};
pub use source::scrub;
pub use unreadable::Unreadable;

/// Any error, as the source of ours.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
