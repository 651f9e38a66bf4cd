//! What criterion and `bench-limiter` measured.

use std::time::Duration;

use serde_json::Value;

use crate::bench::numbers::median;

/// The stacks that a pass is measured through, by the names they have in the benchmark: each has one layer more.
pub(crate) const PASSES: [&str; 4] = ["alone", "auth", "restriction", "retry"];

/// The program of the benchmark, among the messages of `cargo bench --no-run`.
pub(crate) fn executable(messages: &str) -> Option<String> {
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.find_map(|message| {
        let is_bench = message["target"]["kind"][0] == "bench" && message["target"]["name"] == "limiter";
        message["executable"].as_str().filter(|_| is_bench).map(str::to_owned)
    })
}

/// The median in criterion's `estimates.json`, to the nearest nanosecond.
pub(crate) fn nanos(estimates: &str) -> Option<u64> {
    let estimates: Value = serde_json::from_str(estimates).ok()?;
    let nanos = estimates["median"]["point_estimate"].as_f64()?;
    let time = Duration::try_from_secs_f64(nanos / 1e9).ok()?;
    u64::try_from(time.as_nanos()).ok()
}

/// Of rounds that measured the same things the median of each.
pub(crate) fn median_each(rounds: &[Vec<u64>]) -> Vec<u64> {
    let places = rounds.iter().map(Vec::len).min().unwrap_or_default();
    (0..places).map(|place| median(rounds.iter().map(|round| round[place]).collect())).collect()
}

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
    fn the_program_is_found_among_others() {
        let messages = "\
{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"lib\"],\"name\":\"limiter\"},\"executable\":null}
{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bin\"],\"name\":\"bench-limiter\"},\"executable\":\"no\"}
{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bench\"],\"name\":\"limiter\"},\"executable\":\"yes\"}
{\"reason\":\"build-finished\",\"success\":true}";
        assert_eq!(executable(messages).as_deref(), Some("yes"));
        assert_eq!(executable("no JSON"), None);
    }

    #[test]
    fn the_median_of_criterion_is_read() {
        let estimates = r#"{"mean":{"point_estimate":99.0},"median":{"point_estimate":1288.7,"standard_error":1}}"#;
        assert_eq!(nanos(estimates), Some(1289));
        for bad in ["", "{}", r#"{"median":{"point_estimate":-1}}"#, r#"{"median":{"point_estimate":1e300}}"#] {
            assert_eq!(nanos(bad), None, "{bad}");
        }
    }

    #[test]
    fn each_place_has_its_own_median() {
        assert_eq!(median_each(&[vec![1, 9], vec![3, 7], vec![2, 8]]), [2, 8]);
        assert!(median_each(&[]).is_empty());
        let wait = |cpu_nanos| Wait { waiting: 10, calls: 100, cpu_nanos, polls: 250 };
        assert_eq!(Wait::median_each(&[vec![wait(5)], vec![wait(7)], vec![wait(6)]]), [wait(6)]);
    }
}
