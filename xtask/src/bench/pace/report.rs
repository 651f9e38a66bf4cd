//! The numbers as a table, and the goals.

use crate::js_sdk::JsSdk;
use crate::table::{markdown, row};

/// One run of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Race {
    /// Batches.
    pub(crate) calls: u64,
    /// Commands of each.
    pub(crate) commands: u64,
    /// From the first call to the last answer.
    pub(crate) millis: u64,
    /// What the portal got.
    pub(crate) requests: u64,
    /// What of these it refused with status 503.
    pub(crate) refused: u64,
    /// Batches that were not done in the end.
    pub(crate) lost: u64,
}

impl Race {
    /// The worst of some runs, in every respect.
    pub(crate) fn worst(races: &[Self]) -> Option<Self> {
        races.iter().copied().reduce(|one, other| Self {
            millis: one.millis.max(other.millis),
            requests: one.requests.max(other.requests),
            refused: one.refused.max(other.refused),
            lost: one.lost.max(other.lost),
            ..one
        })
    }
}

/// Both clients.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) rounds: u32,
    pub(crate) ours: Option<Race>,
    /// `None` where there is no Node.
    pub(crate) theirs: Option<Race>,
}

const MOST_MILLIS: u64 = 25_600;
const IDEAL_MILLIS: u64 = 25_000;

impl Report {
    /// The table for the terminal and for the page.
    pub(crate) fn markdown(&self) -> String {
        let (calls, commands) = self.ours.map_or((0, 0), |race| (race.calls, race.commands));
        let runs = if self.rounds == 1 { "one run".to_owned() } else { format!("the worst of {} runs", self.rounds) };
        let mut rows = vec![row(["client", "seconds", "requests", "refused", "batches lost", "goal"])];
        let goal = format!("at most {} s, none refused or lost", seconds(MOST_MILLIS));
        rows.extend(self.ours.map(|race| race.cells("b24", &goal)));
        rows.extend(self.theirs.map(|race| race.cells(&JsSdk::name(), "")));
        rows.push(row(["ideal", &seconds(IDEAL_MILLIS), &calls.to_string(), "0", "0", ""]));
        format!(
            "{calls} batches of {commands} updates, all made at once; {runs} of each client:\n\n{}",
            markdown(&rows)
        )
    }

    /// One line for each goal that is missed.
    pub(crate) fn missed_goals(&self) -> Vec<String> {
        let Some(Race { millis, refused, lost, .. }) = self.ours else {
            return vec!["nothing was measured".to_owned()];
        };
        let mut missed = Vec::new();
        if millis > MOST_MILLIS {
            missed.push(format!("{} s, at most {}", seconds(millis), seconds(MOST_MILLIS)));
        }
        if refused > 0 {
            missed.push(format!("{refused} request(s) refused"));
        }
        if lost > 0 {
            missed.push(format!("{lost} batch(es) lost"));
        }
        missed
    }
}

impl Race {
    fn cells(&self, client: &str, goal: &str) -> Vec<String> {
        let Self { millis, requests, refused, lost, .. } = self;
        row([client, &seconds(*millis), &requests.to_string(), &refused.to_string(), &lost.to_string(), goal])
    }
}

/// Seconds with two digits, rounded up: a goal is not met by rounding.
fn seconds(millis: u64) -> String {
    let hundredths = millis.div_ceil(10);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn race(millis: u64, refused: u64, lost: u64) -> Race {
        Race { calls: 100, commands: 50, millis, requests: 100 + refused, refused, lost }
    }

    #[test]
    fn goals_are_met_up_to_their_own_value() {
        for (race, want) in [
            (Some(race(25_600, 0, 0)), 0),
            (Some(race(25_601, 0, 0)), 1),
            (Some(race(25_000, 1, 0)), 1),
            (Some(race(25_000, 0, 1)), 1),
            (None, 1),
        ] {
            let report = Report { rounds: 1, ours: race, theirs: None };
            assert_eq!(report.missed_goals().len(), want, "{report:?}");
        }
    }

    #[test]
    fn the_worst_of_several_runs_counts() {
        let worst = Race::worst(&[race(25_100, 2, 0), race(25_300, 0, 1)]);
        assert_eq!(worst, Some(Race { requests: 102, ..race(25_300, 2, 1) }));
        assert_eq!(Race::worst(&[]), None);
    }

    #[test]
    fn the_table_shows_both_and_the_ideal() {
        let report = Report { rounds: 3, ours: Some(race(25_122, 0, 0)), theirs: Some(race(25_554, 1, 0)) };
        let text = report.markdown();
        for part in [
            "100 batches of 50 updates, all made at once; the worst of 3 runs",
            "| b24                      | 25.13   | 100      | 0       | 0            | at most 25.60 s",
            "| @bitrix24/b24jssdk 2.2.0 | 25.56   | 101      | 1 ",
            "| ideal                    | 25.00   | 100      | 0       |",
        ] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
