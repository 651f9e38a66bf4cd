//! `cargo xtask bench oauth`: what many portals cost, and what calls wait for when a token ends.

use clap::Args;
use serde_json::Value;
use xshell::cmd;

use crate::bench::numbers::{hundredths, median_each, ratio};
use crate::bench::{page, verdict};
use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::table::{markdown, row};

/// How much to measure, and where the numbers go.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Replace the numbers in docs/benchmarks.md
    #[arg(long)]
    write: bool,
    /// How often a token is made to end; the medians count
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
}

const PORTALS: u32 = 10_000;
const MOST_BYTES: u64 = 4096;
/// Round trips, in hundredths.
const MOST_TRIPS: u64 = 200;

/// Measures, prints, writes where asked, and fails when a goal is missed.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build --release -p b24-tests --bin bench-oauth"))?;
    let bench = project.target().join("release/bench-oauth");
    let portals = PORTALS.to_string();
    let memory = Memory::parse(&project.read(cmd!(sh, "{bench} tenants {portals}"))?).ok_or("no memory was printed")?;
    let mut expiries = Vec::new();
    for _ in 0..options.rounds {
        let line = project.read(cmd!(sh, "{bench} expiry"))?;
        expiries.push(Expiry::parse(&line).ok_or_else(|| format!("bench-oauth printed {line:?}"))?);
    }
    let report = Report { memory, rounds: options.rounds, expiry: Expiry::median(&expiries) };
    println!("\n{}", report.markdown());
    if options.write {
        page::write(project, "oauth", &report.markdown())?;
    }
    verdict(&report.missed_goals())
}

/// Bytes for each portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Memory {
    client: u64,
    resident: u64,
    stored: u64,
}

impl Memory {
    fn parse(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let number = |name: &str| line[name].as_u64();
        let (client, resident) = (number("client_bytes")?, number("client_resident_bytes")?);
        Some(Self { client, resident, stored: number("stored_bytes")? })
    }
}

/// One run: microseconds below which 99 of 100 calls were answered, and how often tokens were exchanged for a token that
/// ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expiry {
    calls: u64,
    round_trip: u64,
    /// With a good token.
    plain: u64,
    /// More than that: the clock said that the token had ended.
    due: u64,
    /// More than that: the portal said so.
    refused: u64,
    /// Twice a token ended.
    exchanges: u64,
}

impl Expiry {
    fn parse(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let number = |name: &str| line[name].as_u64();
        let plain = number("plain_p99_micros")?;
        Some(Self {
            calls: number("calls")?,
            round_trip: number("round_trip_micros")?,
            plain,
            due: number("due_p99_micros")?.saturating_sub(plain),
            refused: number("refused_p99_micros")?.saturating_sub(plain),
            exchanges: number("exchanges")?,
        })
    }

    /// Of the exchanges the most.
    fn median(runs: &[Self]) -> Self {
        let rounds: Vec<_> = runs.iter().map(|run| vec![run.plain, run.due, run.refused]).collect();
        let middle = median_each(&rounds);
        let of = |place: usize| middle.get(place).copied().unwrap_or_default();
        let exchanges = runs.iter().map(|run| run.exchanges).max().unwrap_or_default();
        let (calls, round_trip) = runs.first().map_or((0, 1), |run| (run.calls, run.round_trip));
        Self { calls, round_trip, plain: of(0), due: of(1), refused: of(2), exchanges }
    }

    fn trips(&self, micros: u64) -> u64 {
        ratio(micros, self.round_trip)
    }
}

#[derive(Debug)]
struct Report {
    memory: Memory,
    rounds: u32,
    expiry: Expiry,
}

impl Report {
    fn markdown(&self) -> String {
        let Self { memory, rounds, expiry } = self;
        let bytes = [
            row(["bytes for each portal", "measured", "goal"]),
            row(["its client, as allocated", &memory.client.to_string(), &format!("at most {MOST_BYTES}")]),
            row(["its client, as the process grew", &memory.resident.to_string(), &format!("at most {MOST_BYTES}")]),
            row(["beside it, in a `MemoryStore`, its tokens", &memory.stored.to_string(), ""]),
        ];
        let trip = |micros: u64| hundredths(expiry.trips(micros));
        let goal = format!("below {}", hundredths(MOST_TRIPS));
        let waits = [
            row(["the p99 of all calls, in round trips", "measured", "goal"]),
            row(["with a good token", &trip(expiry.plain), ""]),
            row(["more when the clock says that it has ended", &trip(expiry.due), &goal]),
            row(["more when the portal says so, to every call", &trip(expiry.refused), ""]),
        ];
        format!(
            "{PORTALS} portals, each called once:\n\n{}\n{} calls at once, half of each generation, one round trip being {} \
             ms; medians of {rounds} runs. Tokens were exchanged {} times for two that ended:\n\n{}",
            markdown(&bytes),
            expiry.calls,
            expiry.round_trip / 1000,
            expiry.exchanges,
            markdown(&waits)
        )
    }

    fn missed_goals(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for bytes in [self.memory.client, self.memory.resident] {
            if bytes > MOST_BYTES {
                missed.push(format!("{bytes} bytes for a portal, at most {MOST_BYTES}"));
            }
        }
        if self.expiry.trips(self.expiry.due) >= MOST_TRIPS {
            missed.push(format!("{} round trips more", hundredths(self.expiry.trips(self.expiry.due))));
        }
        if self.expiry.exchanges != 2 {
            missed.push(format!("{} exchanges for two tokens that ended", self.expiry.exchanges));
        }
        missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPIRY: &str = r#"{"calls":1000,"round_trip_micros":500000,"plain_p99_micros":600000,"due_p99_micros":1100000,
        "refused_p99_micros":1550000,"exchanges":2}"#;

    #[test]
    fn goals_are_held_against_what_was_printed() {
        let expiry = Expiry::parse(EXPIRY).unwrap();
        assert_eq!((expiry.due, expiry.refused), (500_000, 950_000));
        let memory = Memory::parse(r#"{"client_bytes":3753,"client_resident_bytes":4029,"stored_bytes":936}"#).unwrap();
        let report = Report { memory, rounds: 1, expiry: Expiry::median(&[expiry]) };
        assert!(report.missed_goals().is_empty());
        let heavy = Memory { resident: 5000, ..memory };
        let slow = Expiry { due: 1_000_000, exchanges: 3, ..expiry };
        assert_eq!(Report { memory: heavy, rounds: 1, expiry: slow }.missed_goals().len(), 3);
        assert_eq!(Expiry::parse("{}"), None);
    }
}
