//! `cargo xtask test`: every test of the workspace. Nothing in it needs the internet.

use clap::Args;
use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::services::{self, Postgres};
use crate::tool::NEXTEST;

/// How thorough a test run is.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Run the slow tests (those marked `#[ignore]`) too, and property tests with 4096 cases
    #[arg(long)]
    full: bool,
    /// Start a PostgreSQL server for the tests of token stores, and stop it afterwards
    ///
    /// Where there are no binaries of it and this is root on Debian or its kin, they are installed first. Where no server
    /// can be started those tests are skipped. With `B24_TEST_POSTGRES` set to the URL of a database that one is used.
    #[arg(long)]
    services: bool,
    /// Start a server if its binaries are there, and install nothing.
    #[arg(skip)]
    services_if_there: bool,
}

impl Options {
    /// What CI runs.
    pub(crate) fn ci() -> Self {
        Self { services_if_there: true, ..Self::default() }
    }
}

/// Runs the doctests (which nextest cannot run), then the tests; both even if the first fail.
///
/// Output is not captured: the runner's own summary, at the end, is what a person and CI read.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let sh = project.shell();
    println!("skipped: the tests in a browser; `cargo xtask wasm` runs them");
    let doctests = project.run(cmd!(sh, "cargo test --doc --workspace --all-features --no-fail-fast"));
    let tests = {
        // They end with the tests, failed or not.
        let server = server(options);
        let _environment = server.as_ref().map(|server| sh.push_env(services::POSTGRES, server.url()));
        tests(project, options)
    };
    tests.and(doctests)?;
    Ok(Outcome::Done)
}

fn server(options: &Options) -> Option<Postgres> {
    if !options.services && !options.services_if_there {
        return None;
    }
    match services::postgres(options.services) {
        Ok(server) => server,
        Err(why) => {
            println!("skipped: the tests with PostgreSQL: {why}");
            None
        }
    }
}

fn tests(project: &Project, options: &Options) -> Result {
    let sh = project.shell();
    let set = ["--workspace", "--all-features", "--no-fail-fast"];
    let command = if NEXTEST.is_installed(project) {
        let ignored: &[&str] = if options.full { &["--run-ignored", "all"] } else { &[] };
        cmd!(sh, "cargo nextest run {set...} {ignored...}")
    } else {
        println!("cargo-nextest is not installed (`cargo xtask setup`): using cargo test");
        let ignored: &[&str] = if options.full { &["--", "--include-ignored"] } else { &[] };
        // `--all-targets` leaves out the doctests, which came before.
        cmd!(sh, "cargo test --all-targets {set...} {ignored...}")
    };
    project.run(if options.full { command.env("PROPTEST_CASES", "4096") } else { command })
}
