//! The numbers as tables, and the goals.

use crate::bench::limiter::sample::{Memory, Wait};
use crate::bench::numbers::{hundredths, ratio};
use crate::table::{markdown, row};

/// The medians.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rounds: u32,
    /// One pass, in the order of [`PASSES`](super::sample::PASSES).
    pub(crate) nanos: Vec<u64>,
    /// How many passes the allocations are those of.
    pub(crate) counted_passes: u32,
    /// In the same order.
    pub(crate) allocations: Vec<u64>,
    /// The smallest crowd first.
    pub(crate) waits: Vec<Wait>,
    pub(crate) memory: Vec<Memory>,
}

/// The stacks of [`PASSES`](super::sample::PASSES).
const NAMES: [&str; 4] = ["the service alone", "Auth", "Auth, Restriction", "Retry, Auth, Restriction"];
/// What all layers may add to a pass.
const MOST_ADDED_NANOS: u64 = 1500;
const MOST_ADDED_ALLOCATIONS: u64 = 3;
/// Cost of a call in the largest crowd over one in the smallest, in hundredths: what has to be fetched from memory instead
/// of the cache costs more, but nobody looks at all that wait.
const MOST_WAIT_RATIO: u64 = 200;
/// What a waiting call holds stays below that.
const TOO_MANY_BYTES: u64 = 1024;

impl Report {
    /// The tables for the terminal and for the page.
    pub(crate) fn markdown(&self) -> String {
        let Self { rounds, counted_passes, .. } = self;
        let waits = self.waits.first().map_or(0, |wait| wait.calls);
        format!(
            "A pass that nothing holds back; medians of {rounds} runs of criterion, allocations of {counted_passes} \
             passes:\n\n{}\n\
             A call that waits, from its making to its end; medians of {rounds} runs of {waits} calls:\n\n{}\n\
             What a call holds while it waits:\n\n{}",
            markdown(&self.pass_rows()),
            markdown(&self.wait_rows()),
            markdown(&self.memory_rows())
        )
    }

    /// One line for each goal that is missed.
    pub(crate) fn missed_goals(&self) -> Vec<String> {
        let mut missed = Vec::new();
        if let Some(nanos) = self.added_nanos().pop().filter(|nanos| *nanos > MOST_ADDED_NANOS) {
            missed.push(format!("{nanos} ns added to a pass, at most {MOST_ADDED_NANOS}"));
        }
        let allocations = self.added_allocations().pop().filter(|added| *added > MOST_ADDED_ALLOCATIONS * 100);
        if let Some(added) = allocations {
            missed.push(format!("{} allocations added to a pass, at most {MOST_ADDED_ALLOCATIONS}", hundredths(added)));
        }
        let ratio = self.wait_ratio();
        if ratio > MOST_WAIT_RATIO {
            let (ratio, most) = (hundredths(ratio), hundredths(MOST_WAIT_RATIO));
            missed.push(format!("a wait in the largest crowd costs {ratio} times one in the smallest, at most {most}"));
        }
        let most = self.memory.iter().map(Memory::bytes_each).max().unwrap_or_default();
        if most >= TOO_MANY_BYTES {
            missed.push(format!("a waiting call holds {most} bytes, to be below {TOO_MANY_BYTES}"));
        }
        missed
    }

    /// What the layers add, in the order of [`NAMES`].
    fn added_nanos(&self) -> Vec<u64> {
        let alone = self.nanos.first().copied().unwrap_or_default();
        self.nanos.iter().map(|nanos| nanos.saturating_sub(alone)).collect()
    }

    /// For each pass, in hundredths.
    fn added_allocations(&self) -> Vec<u64> {
        let alone = self.allocations.first().copied().unwrap_or_default();
        let added = self.allocations.iter().map(|count| count.saturating_sub(alone));
        added.map(|count| ratio(count, self.counted_passes.into())).collect()
    }

    fn wait_ratio(&self) -> u64 {
        let nanos = |wait: Option<&Wait>| wait.map_or(0, Wait::nanos_each);
        ratio(nanos(self.waits.last()), nanos(self.waits.first()))
    }

    fn pass_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["layers", "CPU, ns", "ratio", "added ns", "added allocations", "goal"])];
        let alone = self.nanos.first().copied().unwrap_or_default();
        let costs = self.nanos.iter().zip(self.added_nanos()).zip(self.added_allocations());
        for (name, ((nanos, added), allocations)) in NAMES.into_iter().zip(costs) {
            let goal = if name == NAMES[NAMES.len() - 1] {
                format!("at most {MOST_ADDED_NANOS} ns and {MOST_ADDED_ALLOCATIONS} allocations added")
            } else {
                String::new()
            };
            let ratio = hundredths(ratio(*nanos, alone));
            rows.push(row([name, &nanos.to_string(), &ratio, &added.to_string(), &hundredths(allocations), &goal]));
        }
        rows
    }

    fn wait_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["waiting at a time", "CPU, ns", "polls", "goal"])];
        for wait in &self.waits {
            let polls = hundredths(ratio(wait.polls, wait.calls));
            rows.push(row([&wait.waiting.to_string(), &wait.nanos_each().to_string(), &polls, ""]));
        }
        let goal = format!("at most {}", hundredths(MOST_WAIT_RATIO));
        rows.push(row(["ratio, last to first", &hundredths(self.wait_ratio()), "", &goal]));
        rows
    }

    fn memory_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["waiting", "bytes each", "of these the future", "goal"])];
        let goal = format!("below {TOO_MANY_BYTES}");
        for memory in &self.memory {
            let (each, future) = (memory.bytes_each().to_string(), memory.future_bytes.to_string());
            rows.push(row([&memory.waiting.to_string(), &each, &future, &goal]));
        }
        rows
    }
}

impl Wait {
    fn nanos_each(&self) -> u64 {
        self.cpu_nanos.div_ceil(self.calls.max(1))
    }
}

impl Memory {
    fn bytes_each(&self) -> u64 {
        self.held_bytes.div_ceil(self.waiting.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(whole: u64, allocations: u64, wait: u64, held: u64) -> Report {
        let waits = |waiting, cpu_nanos| Wait { waiting, calls: 1000, cpu_nanos, polls: 2500 };
        Report {
            rounds: 5,
            nanos: vec![70, 150, 1000, whole],
            counted_passes: 1000,
            allocations: vec![2000, 2000, 4000, allocations],
            waits: vec![waits(10, 1_500_000), waits(10_000, wait)],
            memory: vec![Memory { waiting: 1000, future_bytes: 584, held_bytes: held }],
        }
    }

    #[test]
    fn goals_are_met_up_to_their_own_value() {
        for (report, want) in [
            (report(1570, 5000, 3_000_000, 1_023_000), 0),
            (report(1571, 5000, 3_000_000, 1_023_000), 1),
            (report(1570, 5001, 3_000_000, 1_023_000), 1),
            (report(1570, 5000, 3_001_000, 1_023_000), 1),
            (report(1570, 5000, 3_000_000, 1_023_001), 1),
            (report(9000, 9000, 9_000_000, 9_000_000), 4),
        ] {
            assert_eq!(report.missed_goals().len(), want, "{report:?}");
        }
    }

    #[test]
    fn tables_show_what_is_added_and_what_a_wait_costs() {
        let text = report(1290, 5000, 1_800_000, 728_784).markdown();
        for part in [
            "| the service alone        | 70      | 1.00  | 0        | 0.00              |",
            "| Retry, Auth, Restriction | 1290    | 18.43 | 1220     | 3.00              | at most 1500 ns and 3 ",
            "| 10000                | 1800    | 2.50  |",
            "| ratio, last to first | 1.20    |       | at most 2.00 |",
            "| 1000    | 729        | 584                 | below 1024 |",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
