//! `cargo xtask test`: every test of the workspace. Nothing in it needs the internet.

use clap::Args;
use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::tool::NEXTEST;

/// How thorough a test run is.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Run the slow tests (those marked `#[ignore]`) too, and property tests with 4096 cases
    #[arg(long)]
    full: bool,
}

/// Runs the tests, then the doctests (which nextest cannot run); both even if the first fail.
///
/// Output is not captured: the runner's own summary is what a person and CI read.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let tests = tests(project, options);
    let sh = project.shell();
    let doctests = project.run(cmd!(sh, "cargo test --doc --workspace --all-features --no-fail-fast"));
    tests.and(doctests)?;
    Ok(Outcome::Done)
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
        // `--all-targets` leaves out the doctests, which come after.
        cmd!(sh, "cargo test --all-targets {set...} {ignored...}")
    };
    project.run(if options.full { command.env("PROPTEST_CASES", "4096") } else { command })
}
