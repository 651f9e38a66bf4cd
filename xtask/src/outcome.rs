//! What a verb comes to.

use std::error::Error;

/// The result of a verb; the error is printed on one line and makes the exit status non-zero.
pub(crate) type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// A verb that did not fail.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It ran and all is well.
    Done,
    /// It cannot run here, for this reason, and that is no failure.
    Skipped(String),
}
