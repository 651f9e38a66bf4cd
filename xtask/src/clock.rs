//! The clock of the task runner: the one place that may read and wait in real time.

use std::fmt;
use std::time::{Duration, Instant};

/// The current moment.
#[expect(clippy::disallowed_methods, reason = "the lint is for the libraries; steps are timed by the wall clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Blocks this thread.
#[expect(clippy::disallowed_methods, reason = "the lint is for async code; there is no runtime here")]
pub(crate) fn sleep(duration: Duration) {
    std::thread::sleep(duration);
}

/// Shows a duration for a person: `0.4 s`, `12 s`, `3 min 05 s`.
pub(crate) struct Human(pub(crate) Duration);

impl fmt::Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_secs() {
            0..10 => write!(f, "{:.1} s", self.0.as_secs_f64()),
            seconds @ 10..60 => write!(f, "{seconds} s"),
            seconds => write!(f, "{} min {:02} s", seconds / 60, seconds % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        for (milliseconds, want) in
            [(0, "0.0 s"), (420, "0.4 s"), (12_900, "12 s"), (60_000, "1 min 00 s"), (185_000, "3 min 05 s")]
        {
            assert_eq!(Human(Duration::from_millis(milliseconds)).to_string(), want);
        }
    }
}
