//! `cargo xtask bench <what>`: measurements with goals.

mod call;
mod criterion;
mod events;
mod limiter;
mod list;
mod numbers;
mod oauth;
mod pace;
mod page;

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
    /// Receive thousands of events a second with each inbox, beside a bare HTTP service: latency, CPU, memory
    ///
    /// Sender and receiver are processes of their own, on loopback sockets. Takes some minutes, and wants the machine for
    /// itself.
    Events(events::Options),
    /// Measure what the limiter adds to a call that need not wait, and what a waiting call costs
    ///
    /// No portal and no network: a service that answers at once, and a clock that does not run.
    Limiter(limiter::Options),
    /// Read all rows of a list with the official JavaScript SDK and with ours: CPU, memory; and pages with `serde_json`
    ///
    /// Starts an embedded portal in a process of its own and measures the clients alone. Without node or npm only our
    /// side runs.
    List(list::Options),
    /// Measure the memory of an idle portal among many, and what a thousand calls wait for when their token ends
    ///
    /// No network for the first, an embedded portal on real sockets for the second.
    Oauth(oauth::Options),
    /// Race the official JavaScript SDK against a portal that enforces its limits; takes a minute
    ///
    /// Each client makes 100 batches at once. Without node or npm only our side runs.
    Pace(pace::Options),
}

/// Runs one measurement.
pub(crate) fn run(project: &Project, benchmark: &Benchmark) -> Result<Outcome> {
    match benchmark {
        Benchmark::Call(options) => call::run(project, options),
        Benchmark::Events(options) => events::run(project, options),
        Benchmark::Limiter(options) => limiter::run(project, options),
        Benchmark::List(options) => list::run(project, options),
        Benchmark::Oauth(options) => oauth::run(project, options),
        Benchmark::Pace(options) => pace::run(project, options),
    }
}

/// Fails when a goal is missed.
fn verdict(missed: &[String]) -> Result<Outcome> {
    if missed.is_empty() { Ok(Outcome::Done) } else { Err(format!("goals missed: {}", missed.join("; ")).into()) }
}
