//! What one run of a client measured, and what criterion did.

use serde_json::Value;

use crate::bench::numbers::median;

/// The costs of one process that reads all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) rows: u64,
    /// The sum of their ids: whoever read the same rows came to the same.
    pub(crate) id_sum: u64,
    pub(crate) cpu_micros: u64,
    /// The most memory before the first call.
    pub(crate) idle_rss_kib: u64,
    /// The most memory of all.
    pub(crate) peak_rss_kib: u64,
}

impl Sample {
    /// Reads the line that `bench-list` and `list.mjs` print.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let number = |name: &str| line[name].as_u64();
        Some(Self {
            rows: number("rows")?,
            id_sum: number("idSum")?,
            cpu_micros: number("cpuMicros")?,
            idle_rss_kib: number("idleRssKib")?,
            peak_rss_kib: number("peakRssKib")?,
        })
    }

    /// The median of each cost on its own; nothing of no runs, and of runs that did not read the same rows.
    pub(crate) fn median(samples: &[Self]) -> Option<Self> {
        let first = *samples.first()?;
        let same = |sample: &Self| (sample.rows, sample.id_sum) == (first.rows, first.id_sum);
        let of = |cost: fn(&Self) -> u64| median(samples.iter().map(cost).collect());
        samples.iter().all(same).then(|| Self {
            cpu_micros: of(|sample| sample.cpu_micros),
            idle_rss_kib: of(|sample| sample.idle_rss_kib),
            peak_rss_kib: of(|sample| sample.peak_rss_kib),
            ..first
        })
    }
}

/// Rows of the pages that criterion measures.
pub(crate) const SIZES: [u64; 2] = [50, 1000];
/// What it measures of a page, by the names in the benchmark.
pub(crate) const PARTS: [&str; 5] = ["serde", "envelope", "ready", "empty", "list"];

/// Nanoseconds of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pages {
    /// Rows of the page.
    pub(crate) rows: u64,
    /// `serde_json` alone.
    pub(crate) serde: u64,
    /// The envelope and the rows, read by the SDK.
    pub(crate) decode: u64,
    /// A page of a list, all in all.
    pub(crate) list: u64,
}

impl Pages {
    /// Out of the times of [`PARTS`].
    pub(crate) fn new(rows: u64, parts: &[u64]) -> Option<Self> {
        let &[serde, envelope, ready, empty, list] = parts else { return None };
        Some(Self { rows, serde, decode: envelope + ready.saturating_sub(empty), list })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Sample =
        Sample { rows: 1000, id_sum: 500_500, cpu_micros: 90, idle_rss_kib: 3000, peak_rss_kib: 4000 };

    #[test]
    fn a_line_is_read_or_refused() {
        let line = r#"{"rows":1000,"idSum":500500,"cpuMicros":90,"idleRssKib":3000,"peakRssKib":4000}"#;
        assert_eq!(Sample::parse(line), Some(SAMPLE));
        assert_eq!(Sample::parse(r#"{"rows":1}"#), None);
    }

    #[test]
    fn only_runs_over_the_same_rows_have_a_median() {
        let slow = Sample { cpu_micros: 500, ..SAMPLE };
        let fast = Sample { cpu_micros: 80, ..SAMPLE };
        assert_eq!(Sample::median(&[slow, SAMPLE, fast]), Some(SAMPLE));
        assert_eq!(Sample::median(&[SAMPLE, Sample { id_sum: 1, ..SAMPLE }]), None);
        assert_eq!(Sample::median(&[]), None);
    }

    #[test]
    fn rows_are_what_a_full_page_takes_more_than_an_empty_one() {
        let want = Pages { rows: 50, serde: 60, decode: 75, list: 90 };
        assert_eq!(Pages::new(50, &[60, 20, 57, 2, 90]), Some(want));
        assert_eq!(Pages::new(50, &[60]), None);
    }
}
