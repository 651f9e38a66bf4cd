//! `cargo xtask bench limiter`: what the limiter adds to a call, and what a waiting call costs.

mod report;
mod sample;

use clap::Args;
use serde_json::Value;
use xshell::cmd;

use crate::bench::criterion::Program;
use crate::bench::numbers::median_each;
use crate::bench::{page, verdict};
use crate::outcome::{Outcome, Result};
use crate::project::Project;
use report::Report;
use sample::{Memory, PASSES, Wait};

/// How much to measure, and where the numbers go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Replace the numbers in docs/benchmarks.md
    #[arg(long)]
    write: bool,
    /// How often each time is measured; the medians count
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// How many calls wait at a time.
const CROWDS: [u32; 4] = [10, 100, 1000, 10_000];
/// How many calls wait in one run, whatever their number at a time.
const WAITS: u32 = 200_000;
/// Passes whose allocations are counted.
const COUNTED: u32 = 1000;

/// Measures, prints, writes where asked, and fails when a goal is missed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build --release -p b24-tests --bin bench-limiter"))?;
    let report = measure(project, &Program::build(project, "limiter")?, options.rounds)?;
    println!("\n{}", report.markdown());
    if options.write {
        page::write(project, "limiter", &report.markdown())?;
    }
    verdict(&report.missed_goals())
}

/// Times are measured by turns, so that a slow spell of the machine hits all of them.
fn measure(project: &Project, bench: &Program, rounds: u32) -> Result<Report> {
    let (mut passes, mut waits) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        passes.push(bench.run(project, "pass", &PASSES)?);
        waits.push(CROWDS.map(|waiting| wait(project, waiting)).into_iter().collect::<Result<Vec<_>>>()?);
    }
    let counted = ask(project, &["allocations", &COUNTED.to_string()])?;
    let allocations = |name: &str| counted[name].as_u64().ok_or_else(|| unreadable(&counted));
    let held = |waiting: u32| {
        let line = ask(project, &["memory", &waiting.to_string()])?;
        Ok(Memory::parse(&line).ok_or_else(|| unreadable(&line))?)
    };
    Ok(Report {
        rounds,
        nanos: median_each(&passes),
        counted_passes: COUNTED,
        allocations: PASSES.map(allocations).into_iter().collect::<Result<_, _>>()?,
        waits: Wait::median_each(&waits),
        memory: CROWDS.map(held).into_iter().collect::<Result<_>>()?,
    })
}

fn wait(project: &Project, waiting: u32) -> Result<Wait> {
    let line = ask(project, &["wait", &waiting.to_string(), &WAITS.to_string()])?;
    Ok(Wait::parse(&line).ok_or_else(|| unreadable(&line))?)
}

/// Runs `bench-limiter`, each time in a new process.
fn ask(project: &Project, mode: &[&str]) -> Result<Value> {
    let sh = project.shell();
    let bench = project.target().join("release/bench-limiter");
    let line = project.read(cmd!(sh, "{bench} {mode...}"))?;
    Ok(serde_json::from_str(&line)?)
}

fn unreadable(line: &Value) -> String {
    format!("bench-limiter printed {line}")
}
