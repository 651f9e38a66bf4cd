//! The memory that the references of one batch may copy.
//!
//! A command that copies what an earlier one answered twice makes an answer of twice the size: without a limit,
//! fifty commands are more than any machine holds. PHP ends such a script at its `memory_limit`.

use super::error::{Refusal, Trouble};
use crate::value::{Array, Value};

/// PHP's default: <https://www.php.net/manual/en/ini.core.php#ini.memory-limit>
const BYTES: usize = 128 << 20;
/// A value's place in an array.
const PLACE: usize = 128;
/// How many arrays may lie one in another: what JSON can bring in, and no reference can build more.
const DEPTH: usize = 128;

/// The memory limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// What of the memory is left.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self { left: BYTES }
    }

    /// Pays for a copy of `value` that will lie in `depth` arrays.
    pub(crate) fn copy(&mut self, depth: usize, value: &Value) -> Result<(), Exhausted> {
        match value {
            Value::Str(text) => self.bytes(PLACE + text.len()),
            Value::Array(array) => self.copy_all(depth, array),
            _ => self.bytes(PLACE),
        }
    }

    /// Pays for a copy of a whole array that will lie in `depth` arrays.
    pub(crate) fn copy_all(&mut self, depth: usize, array: &Array) -> Result<(), Exhausted> {
        if depth >= DEPTH {
            return Err(Exhausted);
        }
        self.bytes(PLACE)?;
        array.values().try_for_each(|value| self.copy(depth + 1, value))
    }

    /// Pays for so many bytes of text.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(count).ok_or(Exhausted)?;
        Ok(())
    }
}

/// Why a call came to nothing.
#[derive(Debug)]
pub(crate) enum Failure<E> {
    /// The API says no in its own words.
    Refused(E),
    /// The script died, and the web server answers in its place.
    Exhausted,
}

impl From<Refusal> for Failure<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Trouble> for Failure<Trouble> {
    fn from(trouble: Trouble) -> Self {
        Self::Refused(trouble)
    }
}

impl<E> From<Exhausted> for Failure<E> {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_paid_by_place_and_text() {
        let mut budget = Budget { left: 3 * PLACE + 2 };
        assert_eq!(budget.copy(1, &Value::from(vec!["ab", ""])), Ok(()));
        assert_eq!(budget.left, 0);
        assert_eq!(budget.copy(1, &Value::Null), Err(Exhausted));
    }

    #[test]
    fn no_copy_may_lie_deeper_than_json_could() {
        let value = Value::from(vec![Value::empty()]);
        assert_eq!(Budget::new().copy(DEPTH - 2, &value), Ok(()));
        assert_eq!(Budget::new().copy(DEPTH - 1, &value), Err(Exhausted));
    }
}
