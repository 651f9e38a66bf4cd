//! The numbers as a table, and the goals.

use crate::bench::call::sample::Sample;
use crate::bench::numbers::{hundredths, ratio};
use crate::table::{markdown, row};

/// The medians of each mode.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rounds: u32,
    /// Calls of one run in the modes `bare` and `b24`.
    pub(crate) calls: u32,
    /// A bare HTTP client, warm.
    pub(crate) bare: Sample,
    /// The SDK, warm.
    pub(crate) b24: Sample,
    /// The SDK without a warm-up, [`COLD_CALLS`] calls: what a small program costs as a whole.
    pub(crate) cold: Sample,
}

/// Calls of one run in the mode `cold-b24`.
pub(crate) const COLD_CALLS: u32 = 1000;
/// CPU of the SDK over CPU of the bare client, in hundredths.
const MOST_CPU_RATIO: u64 = 125;
/// CPU of a cold program.
const MOST_CPU_MICROS: u64 = 150_000;
/// Memory of a cold program: 12 MB, in KiB.
const MOST_PEAK_KIB: u64 = 12_000_000 / 1024;

impl Report {
    /// The tables for the terminal and for the page.
    pub(crate) fn markdown(&self) -> String {
        let Self { rounds, calls, .. } = self;
        format!(
            "One call, warm; medians of {rounds} runs of {calls} calls each:\n\n{}\n\
             A program that makes {COLD_CALLS} calls, cold; medians of {rounds} runs:\n\n{}",
            markdown(&self.warm_rows()),
            markdown(&self.cold_rows())
        )
    }

    /// One line for each goal that is missed.
    pub(crate) fn missed_goals(&self) -> Vec<String> {
        let mut missed = Vec::new();
        let ratio = ratio(self.b24.cpu_micros, self.bare.cpu_micros);
        let (micros, kib) = (self.cold.cpu_micros, self.cold.peak_rss_kib);
        if ratio > MOST_CPU_RATIO {
            missed.push(format!("CPU ratio {}, at most {}", hundredths(ratio), hundredths(MOST_CPU_RATIO)));
        }
        if micros > MOST_CPU_MICROS {
            missed.push(format!("{micros} µs CPU, at most {MOST_CPU_MICROS}"));
        }
        if kib > MOST_PEAK_KIB {
            missed.push(format!("{kib} KiB of memory, at most {MOST_PEAK_KIB}"));
        }
        missed
    }

    fn warm_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["", "bare", "b24", "ratio", "goal"])];
        let mut add = |name: &str, goal: &str, cost: fn(&Sample) -> u64| {
            let (bare, b24) = (cost(&self.bare), cost(&self.b24));
            let per_call = |total: u64| hundredths(ratio(total, self.calls.into()));
            rows.push(row([name, &per_call(bare), &per_call(b24), &hundredths(ratio(b24, bare)), goal]));
        };
        add("CPU, µs", &format!("at most {}", hundredths(MOST_CPU_RATIO)), |sample| sample.cpu_micros);
        add("allocations", "", |sample| sample.allocations);
        add("allocated bytes", "", |sample| sample.allocated_bytes);
        rows
    }

    fn cold_rows(&self) -> Vec<Vec<String>> {
        let goal = |most: u64| format!("at most {most}");
        vec![
            row(["", "b24", "goal"]),
            row(["CPU, µs", &self.cold.cpu_micros.to_string(), &goal(MOST_CPU_MICROS)]),
            row(["peak memory, KiB", &self.cold.peak_rss_kib.to_string(), &goal(MOST_PEAK_KIB)]),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(bare: u64, b24: u64, cold: u64, peak_rss_kib: u64) -> Report {
        let sample = |cpu_micros| Sample { cpu_micros, peak_rss_kib, ..Sample::default() };
        Report { rounds: 1, calls: 1000, bare: sample(bare), b24: sample(b24), cold: sample(cold) }
    }

    #[test]
    fn goals_are_met_up_to_their_own_value() {
        for (report, want) in [
            (report(120_000, 150_000, 150_000, 11_718), 0),
            (report(120_000, 150_001, 150_000, 11_718), 1),
            (report(120_000, 120_000, 150_001, 11_718), 1),
            (report(120_000, 120_000, 120_000, 11_719), 1),
        ] {
            assert_eq!(report.missed_goals().len(), want, "{report:?}");
        }
    }

    #[test]
    fn tables_show_one_call_and_a_whole_program() {
        let text = report(25_000, 28_000, 31_000, 4_000).markdown();
        for part in ["| CPU, µs         | 25.00 | 28.00 | 1.12  |", "| CPU, µs          | 31000 |"] {
            assert!(text.contains(part), "{text}");
        }
    }
}
