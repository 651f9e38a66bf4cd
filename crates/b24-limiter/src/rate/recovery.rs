//! How far the rate is lowered after refusals, and how it comes back.

use std::time::Duration;

/// What the refusals of the portal have taught about the rate.
///
/// A refusal by a client that keeps to the rate says that others share the bucket. The rate then falls to four fifths of
/// what it was, comes back to that within [`PLATEAU`], stays near it for a while, and probes beyond, faster and faster: the
/// curve of TCP CUBIC. Between two refusals it uses on average what the others leave, and a minute after they are gone it
/// has everything.
///
/// Source of the curve: <https://www.rfc-editor.org/rfc/rfc9438>
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Recovery {
    low: Option<Low>,
    /// Refusals without a success between them.
    strikes: u32,
    /// When the last refusal came that was not old news.
    last: Option<Duration>,
    /// Calls that the portal has taken since then.
    taken: u32,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Low {
    at: Duration,
    /// Which part of the rate was used when the refusal came.
    peak: f64,
}

impl Recovery {
    /// Which part of the rate is used, 0 to 1.
    pub(crate) fn factor(&self, now: Duration) -> f64 {
        self.low.map_or(1.0, |low| {
            let passed = now.saturating_sub(low.at).as_secs_f64() / PLATEAU.as_secs_f64();
            (low.peak * (1.0 + FALL * (passed - 1.0).powi(3))).min(1.0)
        })
    }

    /// The portal refused a call that went at `sent`. Returns how long all senders pause; `None` when the call went
    /// before an earlier refusal came and says nothing new.
    pub(crate) fn refused(&mut self, sent: Duration, now: Duration, adaptive: bool, drain: f64) -> Option<Duration> {
        if self.last.is_some_and(|last| sent < last) {
            return None;
        }
        if adaptive {
            let peak = self.share(now, drain).unwrap_or(1.0).min(self.factor(now));
            self.low = Some(Low { at: now, peak: peak.max(LEAST_PEAK) });
        }
        self.taken = 0;
        let pause = pause(self.strikes, drain);
        self.strikes = self.strikes.saturating_add(1);
        self.last = Some(now);
        Some(pause)
    }

    /// The portal took a call that went at `sent`.
    pub(crate) fn passed(&mut self, sent: Duration) {
        if self.last.is_none_or(|last| sent >= last) {
            self.strikes = 0;
            self.taken = self.taken.saturating_add(1);
        }
    }

    /// What others have left of the rate since the last refusal: the bucket was full then, and it is now.
    fn share(&self, now: Duration, drain: f64) -> Option<f64> {
        let since = now.saturating_sub(self.last?);
        let tells = since >= SHORTEST_MEASURE && since <= LONGEST_MEASURE;
        tells.then(|| f64::from(self.taken) / since.as_secs_f64() / drain * PROBE)
    }

    /// Refusals in a row.
    pub(crate) fn strikes(&self) -> u32 {
        self.strikes
    }
}

/// How long senders pause after so many refusals in a row: the official SDK's `(1 / drain + 1 s) * 1.5^n`.
fn pause(strikes: u32, drain: f64) -> Duration {
    let seconds = (1.0 / drain + 1.0) * 1.5_f64.powi(i32::try_from(strikes.min(20)).unwrap_or(20));
    Duration::from_secs_f64(seconds.min(LONGEST_PAUSE))
}

const FALL: f64 = 0.2;
const PLATEAU: Duration = Duration::from_secs(10);
/// From here a minute leads back to everything.
const LEAST_PEAK: f64 = 0.05;
const LONGEST_PAUSE: f64 = 30.0;
/// How far above what others leave the rate is tried.
const PROBE: f64 = 1.2;
const SHORTEST_MEASURE: Duration = Duration::from_secs(5);
const LONGEST_MEASURE: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    // https://github.com/bitrix24/b24jssdk: 1500 and 2250 ms with the default rate.
    #[test]
    fn pauses_are_those_of_the_contract() {
        let mut recovery = Recovery::default();
        let pauses: Vec<_> = (0..9).map(|n| recovery.refused(S * n, S * n, true, 2.0).unwrap().as_millis()).collect();
        assert_eq!(pauses[..4], [1500, 2250, 3375, 5062]);
        assert_eq!(pauses[8], 30_000);
        recovery.passed(S * 9);
        assert_eq!(recovery.refused(S * 10, S * 10, true, 2.0), Some(Duration::from_millis(1500)));
        assert_eq!(Recovery::default().refused(S, S, true, 5.0), Some(Duration::from_millis(1200)));
        assert_eq!(Recovery::default().refused(S, S, true, 1.0), Some(Duration::from_millis(2000)));
    }

    #[test]
    fn a_crowd_that_is_refused_at_once_counts_once() {
        let mut recovery = Recovery::default();
        assert!(recovery.refused(S, S * 2, true, 2.0).is_some());
        assert!((0..30).all(|_| recovery.refused(S, S * 2, true, 2.0).is_none()));
        assert_eq!(recovery.strikes(), 1);
        assert!((recovery.factor(S * 2) - 0.8).abs() < 1e-9);
        // Nor does the success of one that went before the refusal say that the trouble is over.
        recovery.passed(S);
        assert_eq!(recovery.strikes(), 1);
    }

    #[test]
    fn the_rate_comes_back_slowly_near_the_peak_and_fast_beyond_it() {
        let low = Recovery { low: Some(Low { at: S, peak: 0.4 }), ..Recovery::default() };
        let factors = [0, 5, 10, 15, 20, 30, 60].map(|after| (low.factor(S + S * after) * 1000.0).round() / 1000.0);
        assert_eq!(factors, [0.32, 0.39, 0.4, 0.41, 0.48, 1.0, 1.0]);
    }

    #[test]
    fn a_minute_after_the_last_refusal_everything_is_used_again() {
        let mut recovery = Recovery::default();
        for n in 0..500 {
            recovery.refused(S * n, S * n, true, 2.0);
        }
        let last = S * 499;
        assert!(recovery.factor(last) < 0.05);
        assert!(recovery.factor(last + S * 60) > 0.999);
    }

    #[test]
    fn what_others_leave_is_measured_between_two_refusals() {
        let mut recovery = Recovery::default();
        recovery.refused(S, S, true, 2.0);
        // 12 of the 40 that drained.
        (0..12).for_each(|n| recovery.passed(S * (2 + n)));
        recovery.refused(S * 21, S * 21, true, 2.0);
        let low = recovery.low.unwrap();
        assert!((low.peak - 12.0 / 40.0 * 1.2).abs() < 1e-9, "{low:?}");
    }

    #[test]
    fn without_adapting_the_rate_stays() {
        let mut recovery = Recovery::default();
        assert!(recovery.refused(S, S, false, 2.0).is_some());
        assert!((recovery.factor(S) - 1.0).abs() < 1e-9);
    }
}
