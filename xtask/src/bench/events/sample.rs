//! What one run of `bench-events` measured.

use serde_json::Value;

use crate::bench::numbers::median;

/// One receiver, over one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) events: u64,
    /// With 200.
    pub(crate) answered: u64,
    pub(crate) answered_per_second: u64,
    pub(crate) handled: u64,
    pub(crate) p50_micros: u64,
    pub(crate) p99_micros: u64,
    pub(crate) p999_micros: u64,
    pub(crate) max_micros: u64,
    /// Of the receiver.
    pub(crate) cpu_micros: u64,
    pub(crate) sender_cpu_micros: u64,
    /// Of the receiver, after each quarter of the run.
    pub(crate) rss_kib: [u64; 4],
    pub(crate) file_bytes: u64,
    pub(crate) log_bytes: u64,
}

impl Sample {
    /// Reads the line that `bench-events` prints.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let line: Value = serde_json::from_str(line).ok()?;
        let number = |name: &str| line[name].as_u64();
        let rss = |quarter: usize| line["rssKib"][quarter].as_u64();
        Some(Self {
            events: number("events")?,
            answered: number("answered")?,
            answered_per_second: number("answeredPerSecond")?,
            handled: number("handled")?,
            p50_micros: number("p50Micros")?,
            p99_micros: number("p99Micros")?,
            p999_micros: number("p999Micros")?,
            max_micros: number("maxMicros")?,
            cpu_micros: number("cpuMicros")?,
            sender_cpu_micros: number("senderCpuMicros")?,
            rss_kib: [rss(0)?, rss(1)?, rss(2)?, rss(3)?],
            file_bytes: number("fileBytes")?,
            log_bytes: number("logBytes")?,
        })
    }

    /// The median of each number on its own; of what was answered and handled the least.
    pub(crate) fn median(samples: &[Self]) -> Self {
        let of = |number: fn(&Self) -> u64| median(samples.iter().map(number).collect());
        let least = |number: fn(&Self) -> u64| samples.iter().map(number).min().unwrap_or_default();
        Self {
            events: of(|sample| sample.events),
            answered: least(|sample| sample.answered),
            answered_per_second: least(|sample| sample.answered_per_second),
            handled: least(|sample| sample.handled),
            p50_micros: of(|sample| sample.p50_micros),
            p99_micros: of(|sample| sample.p99_micros),
            p999_micros: of(|sample| sample.p999_micros),
            max_micros: of(|sample| sample.max_micros),
            cpu_micros: of(|sample| sample.cpu_micros),
            sender_cpu_micros: of(|sample| sample.sender_cpu_micros),
            rss_kib: [
                of(|sample| sample.rss_kib[0]),
                of(|sample| sample.rss_kib[1]),
                of(|sample| sample.rss_kib[2]),
                of(|sample| sample.rss_kib[3]),
            ],
            file_bytes: of(|sample| sample.file_bytes),
            log_bytes: of(|sample| sample.log_bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"events":105000,"answered":105000,"answeredPerSecond":4999,"handled":105000,"p50Micros":200,
        "p99Micros":1000,"p999Micros":9000,"maxMicros":20000,"cpuMicros":9,"senderCpuMicros":8,
        "rssKib":[1,2,3,4],"fileBytes":5,"logBytes":6}"#;

    #[test]
    fn a_line_is_read_or_refused() {
        let sample = Sample::parse(LINE).unwrap();
        assert_eq!((sample.events, sample.rss_kib, sample.log_bytes), (105_000, [1, 2, 3, 4], 6));
        assert_eq!(Sample::parse(&LINE.replace("3,4", "3")), None);
    }

    #[test]
    fn one_lost_event_in_one_run_is_not_evened_out() {
        let good = Sample::parse(LINE).unwrap();
        let bad = Sample { handled: 104_999, p99_micros: 90_000, ..good };
        let median = Sample::median(&[good, bad, good]);
        assert_eq!((median.handled, median.p99_micros), (104_999, 1000));
    }
}
