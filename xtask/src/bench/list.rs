//! `cargo xtask bench list`: what reading all rows of a list costs.

mod report;
mod sample;

use std::path::Path;

use clap::Args;
use xshell::{Cmd, cmd};

use crate::bench::criterion::Program;
use crate::bench::numbers::median_each;
use crate::bench::{page, verdict};
use crate::embedded_portal::EmbeddedPortal;
use crate::js_sdk::JsSdk;
use crate::outcome::{Outcome, Result};
use crate::project::Project;
use report::{Clients, Report};
use sample::{PARTS, Pages, SIZES, Sample};

/// How much to measure, and where the numbers go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Replace the numbers in docs/benchmarks.md; needs node
    #[arg(long)]
    write: bool,
    /// How often each client reads the list; the medians are compared
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How often the times of a page are measured; the medians count
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    page_rounds: u32,
}

/// Rows that both clients read.
const ROWS: u64 = 100_000;
/// Rows that must not take more memory than that.
const MANY_ROWS: u64 = 1_000_000;

/// Measures, prints, writes where asked, and fails when a goal is missed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let sh = project.shell();
    let script = match JsSdk::install(project)? {
        JsSdk::Installed(folder) => {
            let script = folder.join("list.mjs");
            sh.write_file(&script, include_str!("../../interop/list.mjs"))?;
            Some(script)
        }
        JsSdk::Absent(why) if options.write => return Err(format!("nothing to compare with: {why}").into()),
        JsSdk::Absent(why) => {
            println!("our side only: {why}");
            None
        }
    };
    // One after the other: built together, each would get the features the other asks for.
    project.run(cmd!(sh, "cargo build --release -p b24-cli"))?;
    project.run(cmd!(sh, "cargo build --release -p b24-tests --bin bench-list"))?;
    let bench = Program::build(project, "list")?;

    let mut report = Report { rounds: options.rounds, page_rounds: options.page_rounds, ..Report::default() };
    for place in Place::all(project) {
        let portal = place.portal(project, ROWS)?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..options.rounds {
            ours.push(place.with_b24(project, &portal, ROWS)?);
            if let Some(script) = &script {
                theirs.push(place.with_node(project, &portal, script, ROWS)?);
            }
        }
        let ours = Sample::median(&ours).ok_or("the runs did not read the same rows")?;
        report.clients.push(Clients { place: place.name, ours, theirs: Sample::median(&theirs) });
    }
    let anywhere = Place::anywhere();
    let portal = anywhere.portal(project, MANY_ROWS)?;
    report.many = Some(anywhere.with_b24(project, &portal, MANY_ROWS)?);
    drop(portal);
    report.pages = pages(project, &bench, options.page_rounds)?;
    println!("\n{}", report.markdown());
    if options.write {
        page::write(project, "list", &report.markdown())?;
    }
    verdict(&report.missed_goals())
}

/// Where programs run.
#[derive(Debug)]
struct Place {
    name: &'static str,
    /// What stands before a command.
    prefix: &'static [&'static str],
}

impl Place {
    /// Where the system puts them.
    fn anywhere() -> Self {
        Self { name: "each on a processor of its own choice", prefix: &[] }
    }

    /// On one processor first, where that can be had: to wake another one, and to fetch from it what it wrote, costs a
    /// virtual machine more than to read a page, and says nothing about a client.
    fn all(project: &Project) -> Vec<Self> {
        let sh = project.shell();
        let one = Self { name: "on one processor with the portal", prefix: &["taskset", "--cpu-list", "0"] };
        let pinned = project.succeeds(cmd!(sh, "taskset --version")).then_some(one);
        pinned.into_iter().chain([Self::anywhere()]).collect()
    }

    fn portal(&self, project: &Project, rows: u64) -> Result<EmbeddedPortal> {
        let (b24, rows) = (project.target().join("release/b24"), rows.to_string());
        EmbeddedPortal::start(self.command(project, &b24).args([
            "portal",
            "--port",
            "0",
            "--no-limits",
            "--rows",
            &rows,
        ]))
    }

    fn with_b24(&self, project: &Project, portal: &EmbeddedPortal, rows: u64) -> Result<Sample> {
        let bench = project.target().join("release/bench-list");
        sample(&project.read(self.command(project, &bench).arg(portal.hook_url()).arg(rows.to_string()))?)
    }

    fn with_node(&self, project: &Project, portal: &EmbeddedPortal, script: &Path, rows: u64) -> Result<Sample> {
        let command = self.command(project, Path::new("node")).arg(script).arg(rows.to_string());
        sample(&project.read(command.env("B24_HOOK", portal.hook_url()).env("NO_PROXY", "*"))?)
    }

    fn command<'s>(&self, project: &'s Project, program: &Path) -> Cmd<'s> {
        let sh = project.shell();
        match self.prefix {
            [] => cmd!(sh, "{program}"),
            [first, rest @ ..] => cmd!(sh, "{first} {rest...} {program}"),
        }
    }
}

fn sample(line: &str) -> Result<Sample> {
    Ok(Sample::parse(line).ok_or_else(|| format!("the program printed {line:?}"))?)
}

/// Lets criterion time the parts of reading a page of each size.
fn pages(project: &Project, bench: &Program, rounds: u32) -> Result<Vec<Pages>> {
    let names: Vec<_> = SIZES.iter().flat_map(|size| PARTS.map(|part| format!("{part}/{size}"))).collect();
    let rounds = (0..rounds).map(|_| bench.run(project, "page", &names)).collect::<Result<Vec<_>>>()?;
    let medians = median_each(&rounds);
    Ok(SIZES.iter().zip(medians.chunks(PARTS.len())).filter_map(|(size, parts)| Pages::new(*size, parts)).collect())
}
