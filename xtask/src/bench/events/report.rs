//! The numbers as a table, and the goals.

use crate::bench::events::sample::Sample;
use crate::bench::numbers::{hundredths, ratio};
use crate::table::{markdown, row};

/// The medians of each receiver.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rounds: u32,
    /// Events in a second.
    pub(crate) rate: u32,
    pub(crate) seconds: u32,
    /// A service that reads and answers.
    pub(crate) bare: Sample,
    /// `MemoryInbox`.
    pub(crate) memory: Sample,
    /// `SqliteInbox` with `Durability::ProcessDeath`.
    pub(crate) process_death: Sample,
    /// `SqliteInbox` with `Durability::PowerLoss`.
    pub(crate) power_loss: Sample,
}

/// An answer may take less than this.
const P99_MICROS: u64 = 5000;
/// What an event may leave in memory, a fraction of its letter: that it was handled is remembered for a day, and SQLite fills
/// its cache of 8 MiB.
const BYTES_OF_AN_EVENT: u64 = 128;

impl Report {
    /// The table for the terminal and for the page.
    pub(crate) fn markdown(&self) -> String {
        let Self { rounds, rate, seconds, .. } = self;
        let mut rows = vec![row(["", "bare", "memory", "process death", "power loss", "goal"])];
        let mut add = |name: &str, goal: &str, shown: &dyn Fn(&Sample) -> String| {
            let mut cells = vec![name.to_owned()];
            cells.extend(self.all().map(|(_, sample)| shown(sample)));
            cells.push(goal.to_owned());
            rows.push(cells);
        };
        let per_event = |sample: &Sample, micros: u64| hundredths(ratio(micros, sample.events));
        add("answered in a second", &format!("at least {}", self.least_rate()), &|sample| {
            sample.answered_per_second.to_string()
        });
        add("events, of these not answered, not handled", "none of them", &|sample| {
            let (answered, handled) = (sample.events - sample.answered, sample.events - sample.handled);
            format!("{}, {answered}, {handled}", sample.events)
        });
        add("p50 of answers, µs", "", &|sample| sample.p50_micros.to_string());
        add("p99 of answers, µs", &format!("below {P99_MICROS}"), &|sample| sample.p99_micros.to_string());
        add("p99, ratio", "", &|sample| hundredths(ratio(sample.p99_micros, self.bare.p99_micros)));
        add("p99.9 of answers, µs", "", &|sample| sample.p999_micros.to_string());
        add("longest answer, µs", "", &|sample| sample.max_micros.to_string());
        add("CPU of an event, µs", "", &|sample| per_event(sample, sample.cpu_micros));
        add("CPU, ratio", "", &|sample| hundredths(ratio(sample.cpu_micros, self.bare.cpu_micros)));
        add("CPU of an event at the sender, µs", "", &|sample| per_event(sample, sample.sender_cpu_micros));
        for (quarter, name) in ["25 %", "50 %", "75 %", "100 %"].into_iter().enumerate() {
            add(&format!("memory at {name}, KiB"), "", &|sample| sample.rss_kib[quarter].to_string());
        }
        add("memory left by an event, bytes", &format!("at most {BYTES_OF_AN_EVENT}"), &|sample| {
            self.bytes_left(sample).to_string()
        });
        add("file and log, KiB", "", &|sample| {
            format!("{} and {}", sample.file_bytes.div_ceil(1024), sample.log_bytes.div_ceil(1024))
        });
        format!(
            "{rate} events a second for {seconds} s; medians of {rounds} runs of each receiver, by turns:\n\n{}",
            markdown(&rows)
        )
    }

    /// One line for each goal that is missed. What is bare has none.
    pub(crate) fn missed_goals(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for (name, sample) in self.all().into_iter().skip(1) {
            if sample.answered_per_second < self.least_rate() {
                missed.push(format!("{name}: {} events a second of {}", sample.answered_per_second, self.rate));
            }
            if sample.answered < sample.events || sample.handled < sample.events {
                let Sample { events, answered, handled, .. } = sample;
                missed.push(format!("{name}: of {events} events {answered} answered and {handled} handled"));
            }
            if sample.p99_micros >= P99_MICROS {
                missed.push(format!("{name}: p99 of {} µs, below {P99_MICROS}", sample.p99_micros));
            }
            let bytes = self.bytes_left(sample);
            if bytes > BYTES_OF_AN_EVENT {
                missed.push(format!("{name}: {bytes} bytes of memory for each event, at most {BYTES_OF_AN_EVENT}"));
            }
        }
        missed
    }

    fn all(&self) -> [(&'static str, &Sample); 4] {
        [
            ("bare", &self.bare),
            ("memory", &self.memory),
            ("process death", &self.process_death),
            ("power loss", &self.power_loss),
        ]
    }

    /// The last answer comes after the last event: a thousandth is for that.
    fn least_rate(&self) -> u64 {
        u64::from(self.rate) * 999 / 1000
    }

    /// What the process has grown by in the second half, over the events of that half.
    fn bytes_left(&self, sample: &Sample) -> u64 {
        let grown = sample.rss_kib[3].saturating_sub(sample.rss_kib[1]) * 1024;
        grown.div_ceil((u64::from(self.rate) * u64::from(self.seconds)).div_ceil(2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Sample = Sample {
        events: 105_000,
        answered: 105_000,
        answered_per_second: 4999,
        handled: 105_000,
        p50_micros: 200,
        p99_micros: 1000,
        p999_micros: 9000,
        max_micros: 20_000,
        cpu_micros: 10_500_000,
        sender_cpu_micros: 2_100_000,
        rss_kib: [8000, 9000, 9500, 10_000],
        file_bytes: 1,
        log_bytes: 2,
    };

    fn report(power_loss: Sample) -> Report {
        let (rounds, rate, seconds) = (1, 5000, 20);
        let bare = Sample { p99_micros: 250, cpu_micros: 2_100_000, ..GOOD };
        Report { rounds, rate, seconds, bare, memory: GOOD, process_death: GOOD, power_loss }
    }

    #[test]
    fn each_goal_is_held_against_each_inbox() {
        assert!(report(GOOD).missed_goals().is_empty());
        for bad in [
            Sample { answered_per_second: 4994, ..GOOD },
            Sample { handled: 104_999, ..GOOD },
            Sample { answered: 104_999, ..GOOD },
            Sample { p99_micros: 5000, ..GOOD },
            Sample { rss_kib: [8000, 9000, 11_000, 15_400], ..GOOD },
        ] {
            assert_eq!(report(bad).missed_goals().len(), 1, "{bad:?}");
        }
    }

    #[test]
    fn what_is_compared_is_compared_with_the_bare_service() {
        let text = report(GOOD).markdown();
        for want in ["| p99, ratio ", "| 4.00 ", "| CPU, ratio ", "| 5.00 ", "| 100.00 ", "| 105000, 0, 0 "] {
            assert!(text.contains(want), "{want}: {text}");
        }
    }
}
