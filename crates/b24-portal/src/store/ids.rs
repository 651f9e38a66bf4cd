//! The ids of the rows a table is born with: dense, or with a regular gap, by arithmetic alone.

/// The ids `1, 2, …` with one left out after every `gap` of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ids {
    rows: i64,
    gap: Option<i64>,
}

impl Ids {
    pub(crate) fn new(rows: u32, gap: Option<u32>) -> Self {
        Self { rows: i64::from(rows), gap: gap.filter(|gap| *gap > 0).map(i64::from) }
    }

    pub(crate) fn contains(&self, id: i64) -> bool {
        let skipped = self.gap.is_some_and(|gap| id % (gap + 1) == 0);
        id >= 1 && id <= self.last() && !skipped
    }

    /// The largest id, 0 when there are no rows.
    pub(crate) fn last(&self) -> i64 {
        match self.gap {
            Some(gap) if self.rows > 0 => self.rows + (self.rows - 1) / gap,
            _ => self.rows,
        }
    }

    /// How many ids there are up to and including `id`.
    pub(crate) fn count_to(&self, id: i64) -> i64 {
        let id = id.clamp(0, self.last());
        match self.gap {
            Some(gap) => id - id / (gap + 1),
            None => id,
        }
    }

    /// The id with so many ids before it; it may be past the last.
    pub(crate) fn nth(&self, index: i64) -> i64 {
        index + 1 + self.gap.map_or(0, |gap| index / gap)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counting_agrees_with_walking(rows in 0_u32..200, gap in prop::option::of(1_u32..9), upto in -5_i64..400) {
            let ids = Ids::new(rows, gap);
            let all: Vec<i64> = (-5..500).filter(|id| ids.contains(*id)).collect();
            prop_assert_eq!(all.len(), rows as usize);
            prop_assert_eq!(all.last().copied().unwrap_or(0), ids.last());
            let walked = all.iter().filter(|id| **id <= upto).count();
            prop_assert_eq!(ids.count_to(upto), i64::try_from(walked).expect("small"));
            for (index, id) in (0..).zip(&all) {
                prop_assert_eq!(ids.nth(index), *id);
            }
        }
    }
}
