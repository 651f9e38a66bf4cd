//! `cargo xtask <verb>`: everything a person or CI runs, one verb a module.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a task runner talks to the terminal")]

mod apt;
mod bench;
mod ci;
mod clock;
mod conformance;
mod deny;
mod docs;
mod embedded_portal;
mod examples;
mod features;
mod fuzz;
mod interop;
mod js_sdk;
mod lint;
mod loom;
mod machine;
mod outcome;
mod process;
mod project;
mod retry;
mod scratch;
mod services;
mod setup;
mod sizes;
mod table;
mod test;
mod tidy;
mod tool;
mod tree;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::outcome::{Outcome, Result};
use crate::project::Project;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match Project::open().and_then(|project| arguments.verb.run(&project)) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Skipped(why)) => {
            println!("skipped: {why}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Everything a person or CI runs in this workspace.
///
/// A verb prints each command before it runs it, and exits with a non-zero
/// status when anything failed. Start with `setup`, then `test`; `ci` is what
/// has to pass before a change is done.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run everything CI runs, in its order, and print how long each step took
    ///
    /// lint, loom, fuzz, features, docs, deny, sizes, examples, conformance, interop, wasm, test.
    /// A failing step does not stop the ones after it.
    Ci,
    /// Check formatting, clippy on each feature set, and the house rules (`tidy`)
    Lint,
    /// Check the house rules: module docs, doctests, comments on dependencies, MSRV
    Tidy,
    /// Run all tests: the doctests, then the others by cargo nextest where installed, else by cargo test
    Test(test::Options),
    /// Run the tests of the limiter's shared state in every interleaving of its threads
    Loom,
    /// Try any bytes as deliveries of a portal, for a minute or as long as you say
    ///
    /// Needs a C++ compiler and the stable toolchain, nothing else. Fails with the body that breaks something.
    Fuzz(fuzz::Options),
    /// Check each feature of each library alone, and what a minimal build must not pull
    Features,
    /// Build the API docs without warnings, and check relative links in the Markdown pages
    Docs,
    /// Check licences, bans, sources and (where its database can be reached) advisories
    Deny,
    /// Count the crates and measure the binary of the documented builds against their goals
    Sizes,
    /// Run every example with `--fake`, against the embedded portal
    Examples,
    /// Run the conformance scenarios against `b24 run`, over http and https
    ///
    /// Needs the conformance suite beside the repository and python3; skipped without the suite.
    Conformance(conformance::Options),
    /// Run the same operations with the official JavaScript SDK and with `b24`, and compare
    ///
    /// Compares what the portal hears and what comes out; what differs has to be a known defect of the other SDK.
    /// Needs node and npm (skipped without them); the SDK is installed below `target/`.
    /// With `B24_OFFLINE` set an unreachable npm registry skips the step instead of failing it.
    Interop,
    /// Check, build and test what runs in a browser
    ///
    /// Lints the crates for wasm32, builds `examples/frame-app`, and runs the tests of the browser in headless Chromium.
    /// Fails, and says how to get it, where a part is missing: a toolchain for wasm32-unknown-unknown (`rustup target
    /// add`, or the folder in `B24_WASM_TOOLCHAIN`), wasm-bindgen-cli, chromedriver. `setup --wasm` gets all of them.
    Wasm(wasm::Options),
    /// Measure speed and memory
    #[command(subcommand)]
    Bench(bench::Benchmark),
    /// Install the cargo tools that are missing (cargo-nextest, cargo-hack, cargo-deny)
    Setup(setup::Options),
}

impl Verb {
    fn run(&self, project: &Project) -> Result<Outcome> {
        match self {
            Self::Ci => ci::run(project),
            Self::Lint => lint::run(project),
            Self::Tidy => tidy::run(project),
            Self::Test(options) => test::run(project, options),
            Self::Loom => loom::run(project),
            Self::Fuzz(options) => fuzz::run(project, options),
            Self::Features => features::run(project),
            Self::Docs => docs::run(project),
            Self::Deny => deny::run(project),
            Self::Sizes => sizes::run(project),
            Self::Examples => examples::run(project),
            Self::Conformance(options) => conformance::run(project, options),
            Self::Interop => interop::run(project),
            Self::Wasm(options) => wasm::run(project, options),
            Self::Bench(benchmark) => bench::run(project, benchmark),
            Self::Setup(options) => setup::run(project, options),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
