//! `cargo xtask bench pace`: how long a client takes for more calls than a portal lets through at once.

mod report;

use clap::Args;
use serde_json::Value;
use xshell::cmd;

use crate::bench::{page, verdict};
use crate::js_sdk::JsSdk;
use crate::outcome::{Outcome, Result};
use crate::project::Project;
use report::{Race, Report};

/// How much to measure, and where the numbers go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Replace the numbers in docs/benchmarks.md; needs node
    #[arg(long)]
    write: bool,
    /// How often each client runs, at moments spread over the portal's second; the slowest run counts
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10))]
    rounds: u32,
}

/// Milliseconds after a drain at which the first round begins: so soon that all 25 drains are still to come, which makes
/// 25.0 s the best there is, and so late that no clock is in doubt about it.
const FIRST_PHASE: u32 = 50;

/// Measures, prints, writes where asked, and fails when a goal is missed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let sh = project.shell();
    let script = match JsSdk::install(project)? {
        JsSdk::Installed(folder) => {
            let script = folder.join("pace.mjs");
            sh.write_file(&script, include_str!("../../interop/pace.mjs"))?;
            Some(script)
        }
        JsSdk::Absent(why) if options.write => return Err(format!("nothing to compare with: {why}").into()),
        JsSdk::Absent(why) => {
            println!("our side only: {why}");
            None
        }
    };
    project.run(cmd!(sh, "cargo build --release -p b24-tests --bin bench-pace"))?;
    let bench = project.target().join("release/bench-pace");
    let race = |line: String| Race::parse(&line).ok_or_else(|| format!("bench-pace printed {line:?}"));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..options.rounds {
        let phase = (FIRST_PHASE + 1000 * round / options.rounds).to_string();
        ours.push(race(project.read(cmd!(sh, "{bench} b24 {phase}"))?)?);
        if let Some(script) = &script {
            theirs.push(race(project.read(cmd!(sh, "{bench} node {phase} {script}"))?)?);
        }
    }
    let report = Report { rounds: options.rounds, ours: Race::worst(&ours), theirs: Race::worst(&theirs) };
    println!("\n{}", report.markdown());
    if options.write {
        page::write(project, "pace", &report.markdown())?;
    }
    verdict(&report.missed_goals())
}

impl Race {
    /// Reads the line that `bench-pace` prints.
    fn parse(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let number = |name: &str| line[name].as_u64();
        Some(Self {
            calls: number("calls")?,
            commands: number("commands")?,
            millis: number("millis")?,
            requests: number("requests")?,
            refused: number("refused")?,
            lost: number("lost")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_or_refused() {
        let line = r#"{"calls":100,"commands":50,"lost":0,"millis":25554,"refused":1,"requests":101}"#;
        let want = Race { calls: 100, commands: 50, millis: 25_554, requests: 101, refused: 1, lost: 0 };
        assert_eq!(Race::parse(line), Some(want));
        assert_eq!(Race::parse(r#"{"millis":1}"#), None);
    }
}
