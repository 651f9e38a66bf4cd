//! What one run of `bench-call` measured.

use serde_json::Value;

use crate::bench::numbers::median;

/// The costs of one process that makes a number of calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) cpu_micros: u64,
    pub(crate) allocations: u64,
    pub(crate) allocated_bytes: u64,
    pub(crate) peak_rss_kib: u64,
}

impl Sample {
    /// Reads the line that `bench-call` prints.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        Some(Self {
            cpu_micros: line["cpuMicros"].as_u64()?,
            allocations: line["allocations"].as_u64()?,
            allocated_bytes: line["allocatedBytes"].as_u64()?,
            peak_rss_kib: line["peakRssKib"].as_u64()?,
        })
    }

    /// The median of each cost on its own.
    pub(crate) fn median(samples: &[Self]) -> Self {
        let of = |cost: fn(&Self) -> u64| median(samples.iter().map(cost).collect());
        Self {
            cpu_micros: of(|sample| sample.cpu_micros),
            allocations: of(|sample| sample.allocations),
            allocated_bytes: of(|sample| sample.allocated_bytes),
            peak_rss_kib: of(|sample| sample.peak_rss_kib),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_or_refused() {
        let line = r#"{"mode":"b24","calls":1000,"cpuMicros":90000,"allocations":5,"allocatedBytes":6,"peakRssKib":7}"#;
        let want = Sample { cpu_micros: 90_000, allocations: 5, allocated_bytes: 6, peak_rss_kib: 7 };
        assert_eq!(Sample::parse(line), Some(want));
        assert_eq!(Sample::parse(r#"{"cpuMicros":1}"#), None);
    }
}
