//! `cargo xtask bench <what>`: measurements with goals.

mod call;

use clap::Subcommand;

use crate::outcome::{Outcome, Result};
use crate::project::Project;

/// What to measure.
#[derive(Debug, Subcommand)]
pub(crate) enum Benchmark {
    /// Compare calls through the stack with bare HTTP calls: CPU, allocations, memory
    ///
    /// Starts an embedded portal in a process of its own and measures the client alone.
    Call(call::Options),
}

/// Runs one measurement.
pub(crate) fn run(project: &Project, benchmark: &Benchmark) -> Result<Outcome> {
    match benchmark {
        Benchmark::Call(options) => call::run(project, options),
    }
}
