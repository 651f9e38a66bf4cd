//! The numbers as tables, and the goals.

use crate::bench::list::sample::{Pages, Sample};
use crate::bench::numbers::{hundredths, ratio, times};
use crate::js_sdk::JsSdk;
use crate::table::{markdown, row};

/// The medians.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) rounds: u32,
    /// For each way to place them. The goals are those of the first.
    pub(crate) clients: Vec<Clients>,
    /// Ten times as many rows.
    pub(crate) many: Option<Sample>,
    pub(crate) page_rounds: u32,
    pub(crate) pages: Vec<Pages>,
}

/// Both clients, in one place.
#[derive(Debug)]
pub(crate) struct Clients {
    /// Where they ran.
    pub(crate) place: &'static str,
    pub(crate) ours: Sample,
    /// `None` where there is no Node.
    pub(crate) theirs: Option<Sample>,
}

/// How many times our CPU the other client takes at least, in hundredths.
const LEAST_CPU_TIMES: u64 = 2000;
/// Memory stays below that: 32 MiB.
const TOO_MUCH_KIB: u64 = 32 * 1024;
/// The SDK over `serde_json` alone, in hundredths.
const MOST_PAGE_RATIO: u64 = 130;

impl Report {
    /// The tables for the terminal and for the page.
    pub(crate) fn markdown(&self) -> String {
        let Self { rounds, page_rounds, .. } = self;
        let rows = self.clients.first().map_or(0, |clients| clients.ours.rows);
        format!(
            "{rows} rows of eight fields in pages of 50; medians of {rounds} runs of each client, by turns:\n\n{}\n\
             The same rows and ten times as many, one by one, each dropped at once:\n\n{}\n\
             One page of rows of 22 fields; medians of {page_rounds} runs of criterion:\n\n{}",
            markdown(&self.client_rows()),
            markdown(&self.memory_rows()),
            markdown(&self.page_rows())
        )
    }

    /// One line for each goal that is missed.
    pub(crate) fn missed_goals(&self) -> Vec<String> {
        let mut missed = Vec::new();
        if self.clients.iter().any(Clients::disagree) {
            missed.push("the clients did not read the same rows".to_owned());
        }
        if let Some(Clients { ours, theirs: Some(theirs), .. }) = self.clients.first() {
            let times = times(theirs.cpu_micros, ours.cpu_micros);
            if times < LEAST_CPU_TIMES {
                let (times, least) = (hundredths(times), hundredths(LEAST_CPU_TIMES));
                missed.push(format!("the other client takes {times} times our CPU, at least {least}"));
            }
        }
        for sample in self.streams() {
            let Sample { rows, peak_rss_kib: kib, .. } = sample;
            if kib >= TOO_MUCH_KIB {
                missed.push(format!("{kib} KiB of memory for {rows} rows, to be below {TOO_MUCH_KIB}"));
            }
        }
        for page in &self.pages {
            for (what, nanos) in [("its decoding", page.decode), ("all of it", page.list)] {
                let ratio = ratio(nanos, page.serde);
                if ratio > MOST_PAGE_RATIO {
                    let (ratio, most) = (hundredths(ratio), hundredths(MOST_PAGE_RATIO));
                    missed.push(format!("a page of {} rows, {what}: ratio {ratio}, at most {most}", page.rows));
                }
            }
        }
        missed
    }

    /// What was read row by row: few rows, and many.
    fn streams(&self) -> impl Iterator<Item = Sample> {
        self.clients.first().map(|clients| clients.ours).into_iter().chain(self.many)
    }

    fn client_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["", "b24", &JsSdk::name(), "ratio", "goal"])];
        let mut add =
            |name: &str, clients: &Clients, goal: &str, cost: fn(&Sample) -> u64, show: fn(&Sample) -> String| {
                let Clients { ours, theirs, .. } = clients;
                let ratio = theirs.map(|theirs| hundredths(times(cost(&theirs), cost(ours)))).unwrap_or_default();
                rows.push(row([name, &show(ours), &theirs.as_ref().map(show).unwrap_or_default(), &ratio, goal]));
            };
        let mut goal = format!("at least {}", hundredths(LEAST_CPU_TIMES));
        for clients in &self.clients {
            let name = format!("CPU of a row, µs, {}", clients.place);
            let show = |sample: &Sample| hundredths(ratio(sample.cpu_micros, sample.rows));
            add(&name, clients, &std::mem::take(&mut goal), |sample| sample.cpu_micros, show);
        }
        if let Some(clients) = self.clients.first() {
            let peak = |sample: &Sample| sample.peak_rss_kib.to_string();
            add("peak memory, KiB", clients, "", |sample| sample.peak_rss_kib, peak);
            let idle = |sample: &Sample| sample.idle_rss_kib.to_string();
            add("of these before the first call", clients, "", |sample| sample.idle_rss_kib, idle);
        }
        rows
    }

    fn memory_rows(&self) -> Vec<Vec<String>> {
        let mut rows = vec![row(["rows", "peak memory, KiB", "of these before the first call", "goal"])];
        let goal = format!("below {TOO_MUCH_KIB}");
        for sample in self.streams() {
            let cells = [sample.rows, sample.peak_rss_kib, sample.idle_rss_kib].map(|number| number.to_string());
            rows.push(row([&cells[0], &cells[1], &cells[2], &goal]));
        }
        rows
    }

    fn page_rows(&self) -> Vec<Vec<String>> {
        let mut rows =
            vec![row(["rows", "serde_json, µs", "decoding, µs", "ratio", "all of a page, µs", "ratio", "goal"])];
        let micros = |nanos: u64| hundredths(nanos.div_ceil(10));
        let goal = format!("both at most {}", hundredths(MOST_PAGE_RATIO));
        for page in &self.pages {
            let over = |nanos: u64| hundredths(ratio(nanos, page.serde));
            rows.push(row([
                &page.rows.to_string(),
                &micros(page.serde),
                &micros(page.decode),
                &over(page.decode),
                &micros(page.list),
                &over(page.list),
                &goal,
            ]));
        }
        rows
    }
}

impl Clients {
    fn disagree(&self) -> bool {
        let Self { ours, theirs, .. } = self;
        theirs.is_some_and(|theirs| (theirs.rows, theirs.id_sum) != (ours.rows, ours.id_sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(theirs: Option<u64>, peak: u64, many_peak: u64, decode: u64, list: u64) -> Report {
        let ours = Sample { rows: 1000, id_sum: 7, cpu_micros: 1140, idle_rss_kib: 3000, peak_rss_kib: peak };
        Report {
            rounds: 7,
            clients: vec![Clients {
                place: "here",
                ours,
                theirs: theirs.map(|cpu_micros| Sample { cpu_micros, peak_rss_kib: 130_000, ..ours }),
            }],
            many: Some(Sample { rows: 10_000, peak_rss_kib: many_peak, ..ours }),
            page_rounds: 3,
            pages: vec![Pages { rows: 50, serde: 60_000, decode, list }],
        }
    }

    #[test]
    fn goals_are_met_up_to_their_own_value() {
        for (report, want) in [
            (report(Some(22_800), 32_767, 32_767, 78_000, 78_000), 0),
            (report(None, 32_767, 32_767, 78_000, 78_000), 0),
            (report(Some(22_799), 32_767, 32_767, 78_000, 78_000), 1),
            (report(Some(22_800), 32_768, 32_767, 78_000, 78_000), 1),
            (report(Some(22_800), 32_767, 32_768, 78_000, 78_000), 1),
            (report(Some(22_800), 32_767, 32_767, 78_001, 78_000), 1),
            (report(Some(22_800), 32_767, 32_767, 78_000, 78_001), 1),
        ] {
            assert_eq!(report.missed_goals().len(), want, "{report:?}");
        }
    }

    #[test]
    fn other_rows_compare_with_nothing() {
        let mut report = report(Some(30_000), 5000, 5000, 70_000, 70_000);
        let clients = &mut report.clients[0];
        clients.theirs = clients.theirs.map(|theirs| Sample { id_sum: 8, ..theirs });
        assert_eq!(report.missed_goals(), ["the clients did not read the same rows"]);
    }

    #[test]
    fn tables_show_both_clients_memory_and_pages() {
        let text = report(Some(25_000), 5000, 5100, 70_000, 75_000).markdown();
        for part in [
            "| CPU of a row, µs, here         | 1.14 | 25.00                    | 21.92 | at least 20.00 |",
            "| peak memory, KiB               | 5000 | 130000                   | 26.00 |",
            "| 10000 | 5100             | 3000                           | below 32768 |",
            "| 50   | 60.00          | 70.00        | 1.17  | 75.00             | 1.25  | both at most 1.30 |",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
