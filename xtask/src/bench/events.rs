//! `cargo xtask bench events`: what it takes to receive thousands of events a second.

mod report;
mod sample;

use clap::Args;
use xshell::cmd;

use crate::bench::{page, verdict};
use crate::outcome::{Outcome, Result};
use crate::project::Project;
use report::Report;
use sample::Sample;

/// How much to measure, and where the numbers go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Replace the numbers in docs/benchmarks.md
    #[arg(long)]
    write: bool,
    /// How often each receiver runs; the medians are compared
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Events that are sent in a second
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// For how many seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
}

/// The receivers, as `bench-events` calls them. The first is what the others are compared with.
const RECEIVERS: [&str; 4] = ["bare", "memory", "process-death", "power-loss"];

/// Measures, prints, writes where asked, and fails when a goal is missed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build --release -p b24-tests --bin bench-events"))?;
    let bench = project.target().join("release/bench-events");
    // Beside the program: where temporary files are kept in memory, there would be no disk to wait for.
    let folder = project.target().join("bench-events");
    let (rate, seconds) = (options.rate.to_string(), options.seconds.to_string());
    let mut runs = RECEIVERS.map(|_| Vec::new());
    for _ in 0..options.rounds {
        for (receiver, samples) in RECEIVERS.iter().zip(&mut runs) {
            sh.remove_path(&folder)?;
            sh.create_dir(&folder)?;
            let line = project.read(cmd!(sh, "{bench} send {receiver} {rate} {seconds} {folder}"))?;
            samples.push(Sample::parse(&line).ok_or_else(|| format!("bench-events printed {line:?}"))?);
        }
    }
    sh.remove_path(&folder)?;
    let [bare, memory, process_death, power_loss] = runs.map(|samples| Sample::median(&samples));
    let (rounds, rate, seconds) = (options.rounds, options.rate, options.seconds);
    let report = Report { rounds, rate, seconds, bare, memory, process_death, power_loss };
    println!("\n{}", report.markdown());
    if options.write {
        page::write(project, "events", &report.markdown())?;
    }
    verdict(&report.missed_goals())
}
