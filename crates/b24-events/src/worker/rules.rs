//! How much at once, how long, and when again.

use std::time::Duration;

/// What a worker goes by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Handlers at the same time.
    pub(crate) concurrency: usize,
    /// Of one handler.
    pub(crate) timeout: Duration,
    /// Of a worker that is to end.
    pub(crate) grace: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { concurrency: 16, timeout: Duration::from_secs(300), grace: Duration::from_secs(20) }
    }
}

/// After how long a handler is called again that has failed for the `failures`th time; `None` when that is enough.
///
/// First for what passes at once, a lost connection; then for a service that restarts, and for one that somebody has to
/// mend.
pub(super) fn pause(failures: u32) -> Option<Duration> {
    const PAUSES: [u64; 5] = [1, 10, 60, 600, 3600];
    let index = usize::try_from(failures.checked_sub(1)?).ok()?;
    PAUSES.get(index).copied().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_attempts_are_made_over_an_hour_and_some_minutes() {
        let pauses: Vec<_> = (1..=7).map(pause).collect();
        assert_eq!(pauses.iter().flatten().map(Duration::as_secs).collect::<Vec<_>>(), [1, 10, 60, 600, 3600]);
        assert_eq!(pauses[5], None);
        assert_eq!(pause(0), None);
        assert_eq!(pause(u32::MAX), None);
    }
}
