//! A bound on repeats that may be useless: when everything fails, repeating everything makes it worse.

use std::sync::atomic::{AtomicU32, Ordering};

/// Each call pays in a fifth of a repeat, each repeat after an open failure takes one; ten are there from the start.
/// Repeats of calls that did not run are not counted: they cost the portal nothing.
#[derive(Debug)]
pub(super) struct Budget(AtomicU32);

impl Budget {
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(START))
    }

    /// A call begins.
    pub(super) fn pay_in(&self) {
        self.change(|have| Some(have.saturating_add(1).min(MOST)));
    }

    /// Takes one repeat out, if there is one.
    pub(super) fn take(&self) -> bool {
        self.change(|have| have.checked_sub(REPEAT))
    }

    fn change(&self, next: impl FnMut(u32) -> Option<u32>) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }
}

/// What one repeat costs, in parts of a call.
const REPEAT: u32 = 5;
const START: u32 = 10 * REPEAT;
const MOST: u32 = 100 * REPEAT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repeat_in_five_calls_and_ten_to_begin_with() {
        let budget = Budget::new();
        assert_eq!((0..100).filter(|_| budget.take()).count(), 10);
        let repeats = (0..1000).filter(|_| {
            budget.pay_in();
            budget.take()
        });
        assert_eq!(repeats.count(), 200);
    }

    #[test]
    fn a_long_quiet_time_does_not_save_up_without_end() {
        let budget = Budget::new();
        (0..100_000).for_each(|_| budget.pay_in());
        assert_eq!((0..1000).filter(|_| budget.take()).count(), 100);
    }
}
