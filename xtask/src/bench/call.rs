//! `cargo xtask bench call`: what the stack costs over a bare HTTP client.

mod report;
mod sample;

use clap::Args;
use xshell::cmd;

use crate::bench::{page, verdict};
use crate::embedded_portal::EmbeddedPortal;
use crate::outcome::{Outcome, Result};
use crate::project::Project;
use report::{COLD_CALLS, Report};
use sample::Sample;

/// How much to measure, and where the numbers go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Replace the numbers in docs/benchmarks.md
    #[arg(long)]
    write: bool,
    /// How often each mode runs; the medians are compared
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Calls of one warm run
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    calls: u32,
}

/// Measures, prints, writes where asked, and fails when a goal is missed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let sh = project.shell();
    // One after the other: built together, each would get the features the other asks for.
    project.run(cmd!(sh, "cargo build --release -p b24-cli"))?;
    project.run(cmd!(sh, "cargo build --release -p b24-tests --bin bench-call"))?;
    let report = measure(project, options)?;
    println!("\n{}", report.markdown());
    if options.write {
        page::write(project, "call", &report.markdown())?;
    }
    verdict(&report.missed_goals())
}

/// Runs the modes by turns, so that a slow spell of the machine hits both.
fn measure(project: &Project, options: &Options) -> Result<Report> {
    let sh = project.shell();
    let b24 = project.target().join("release/b24");
    let portal = EmbeddedPortal::start(cmd!(sh, "{b24} portal --port 0 --no-limits --rows 10"))?;
    let hook = portal.hook_url();
    let bench = project.target().join("release/bench-call");
    let sample = |mode: &str, calls: u32| -> Result<Sample> {
        let calls = calls.to_string();
        let line = project.read(cmd!(sh, "{bench} {mode} {hook} {calls}"))?;
        Ok(Sample::parse(&line).ok_or_else(|| format!("bench-call printed {line:?}"))?)
    };
    let (mut bare, mut b24, mut cold) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        bare.push(sample("bare", options.calls)?);
        b24.push(sample("b24", options.calls)?);
        cold.push(sample("cold-b24", COLD_CALLS)?);
    }
    Ok(Report {
        calls: options.calls,
        rounds: options.rounds,
        bare: Sample::median(&bare),
        b24: Sample::median(&b24),
        cold: Sample::median(&cold),
    })
}
