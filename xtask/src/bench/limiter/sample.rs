//! What `bench-limiter` measured.

use serde_json::Value;

use crate::bench::numbers::median_each;

/// The stacks that a pass is measured through, by the names they have in the benchmark: each has one layer more.
pub(crate) const PASSES: [&str; 4] = ["alone", "auth", "restriction", "retry"];

/// Calls that waited, so many at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) waiting: u64,
    pub(crate) calls: u64,
    pub(crate) cpu_nanos: u64,
    pub(crate) polls: u64,
}

impl Wait {
    /// Reads the line that `bench-limiter wait` prints.
    pub(crate) fn parse(line: &Value) -> Option<Self> {
        let number = |name: &str| line[name].as_u64();
        Some(Self {
            waiting: number("waiting")?,
            calls: number("calls")?,
            cpu_nanos: number("cpuNanos")?,
            polls: number("polls")?,
        })
    }

    /// Of rounds with the same crowds the median of each crowd; polls are the same in all of them.
    pub(crate) fn median_each(rounds: &[Vec<Self>]) -> Vec<Self> {
        let nanos: Vec<Vec<u64>> =
            rounds.iter().map(|round| round.iter().map(|wait| wait.cpu_nanos).collect()).collect();
        let first = rounds.first().map_or(&[][..], Vec::as_slice);
        first.iter().zip(median_each(&nanos)).map(|(wait, cpu_nanos)| Self { cpu_nanos, ..*wait }).collect()
    }
}

/// What calls hold while they wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) waiting: u64,
    /// The layer's future.
    pub(crate) future_bytes: u64,
    /// All of them together, futures included.
    pub(crate) held_bytes: u64,
}

impl Memory {
    /// Reads the line that `bench-limiter memory` prints.
    pub(crate) fn parse(line: &Value) -> Option<Self> {
        let number = |name: &str| line[name].as_u64();
        Some(Self {
            waiting: number("waiting")?,
            future_bytes: number("futureBytes")?,
            held_bytes: number("heldBytes")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_read_or_refused() {
        let line = json!({ "waiting": 10, "calls": 100, "cpuNanos": 5000, "polls": 250 });
        assert_eq!(Wait::parse(&line), Some(Wait { waiting: 10, calls: 100, cpu_nanos: 5000, polls: 250 }));
        assert_eq!(Wait::parse(&json!({ "waiting": 10 })), None);
        let line = json!({ "waiting": 10, "futureBytes": 500, "heldBytes": 7000 });
        assert_eq!(Memory::parse(&line), Some(Memory { waiting: 10, future_bytes: 500, held_bytes: 7000 }));
        assert_eq!(Memory::parse(&json!({ "waiting": 10, "heldBytes": -5 })), None);
    }

    #[test]
    fn each_crowd_has_its_own_median() {
        let wait = |cpu_nanos| Wait { waiting: 10, calls: 100, cpu_nanos, polls: 250 };
        assert_eq!(Wait::median_each(&[vec![wait(5)], vec![wait(7)], vec![wait(6)]]), [wait(6)]);
    }
}
