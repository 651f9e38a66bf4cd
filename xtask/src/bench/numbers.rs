//! Numbers of measurements: medians, ratios.

/// The upper one of the two middle values where their number is even.
pub(crate) fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Of rounds that measured the same things the median of each.
pub(crate) fn median_each(rounds: &[Vec<u64>]) -> Vec<u64> {
    let places = rounds.iter().map(Vec::len).min().unwrap_or_default();
    (0..places).map(|place| median(rounds.iter().map(|round| round[place]).collect())).collect()
}

/// `value / base` in hundredths, rounded up: a goal is not met by rounding.
pub(crate) fn ratio(value: u64, base: u64) -> u64 {
    (value * 100).div_ceil(base.max(1))
}

/// How many times `base` goes into `value`, in hundredths, rounded down: for goals that are a least.
pub(crate) fn times(value: u64, base: u64) -> u64 {
    value * 100 / base.max(1)
}

/// Hundredths as a decimal fraction.
pub(crate) fn hundredths(value: u64) -> String {
    format!("{}.{:02}", value / 100, value % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_run_does_not_move_the_median() {
        for (values, want) in [(vec![9, 1, 500], 9), (vec![3], 3), (vec![4, 2], 4), (vec![], 0)] {
            assert_eq!(median(values), want);
        }
    }

    #[test]
    fn each_place_has_its_own_median() {
        assert_eq!(median_each(&[vec![1, 9], vec![3, 7], vec![2, 8]]), [2, 8]);
        assert!(median_each(&[]).is_empty());
    }

    #[test]
    fn what_has_to_reach_a_goal_is_rounded_down() {
        for (value, base, want) in [(150, 100, "1.50"), (1999, 1000, "1.99"), (5, 0, "5.00")] {
            assert_eq!(hundredths(times(value, base)), want);
        }
    }

    #[test]
    fn ratios_are_rounded_up() {
        for (value, base, want) in [(150, 100, "1.50"), (2001, 1000, "2.01"), (0, 5, "0.00"), (5, 0, "5.00")] {
            assert_eq!(hundredths(ratio(value, base)), want);
        }
    }
}
