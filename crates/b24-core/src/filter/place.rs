//! Where in a filter something is wrong.

use std::fmt;

use crate::{Error, SdkCode};

/// How deep groups may stand in each other. A reader of JSON gives up at 128 levels, and each group takes two.
const DEEPEST: usize = 32;

/// The way down to a condition: `filter[1].conditions[0]`.
#[derive(Debug, Default)]
pub(super) struct Place(Vec<usize>);

impl Place {
    /// Looks at each of `conditions`, with the place at hand that it has.
    pub(super) fn each<T>(
        &mut self,
        conditions: impl IntoIterator<Item = T>,
        mut look: impl FnMut(T, &mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.0.len() == DEEPEST {
            return Err(self.refuse("the groups stand too deep in each other"));
        }
        for (index, condition) in conditions.into_iter().enumerate() {
            self.0.push(index);
            look(condition, self)?;
            self.0.pop();
        }
        Ok(())
    }

    /// The refusal of what stands here. It never repeats a value.
    pub(super) fn refuse(&self, problem: impl fmt::Display) -> Error {
        Error::usage(SdkCode::InvalidFilter, format!("{self}: {problem}"))
    }

    /// Passes on what has no problem.
    pub(super) fn unless(&self, problem: Option<impl fmt::Display>) -> Result<(), Error> {
        problem.map_or(Ok(()), |problem| Err(self.refuse(problem)))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("filter")?;
        for (depth, index) in self.0.iter().enumerate() {
            write!(f, "{}[{index}]", if depth == 0 { "" } else { ".conditions" })?;
        }
        Ok(())
    }
}
