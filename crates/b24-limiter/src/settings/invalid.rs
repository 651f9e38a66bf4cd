//! Numbers that make no sense.

use std::{error::Error, fmt, ops::RangeInclusive, time::Duration};

use b24_core::SdkCode;

/// A parameter that makes no sense: which one, and what it may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRestrictions {
    field: &'static str,
    expected: &'static str,
}

impl InvalidRestrictions {
    pub(super) fn new(field: &'static str, expected: &'static str) -> Self {
        Self { field, expected }
    }

    /// The parameter under its name in JSON, such as `rateLimit.burstLimit`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.field
    }
}

impl fmt::Display for InvalidRestrictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be {}", self.field, self.expected)
    }
}

impl Error for InvalidRestrictions {}

impl From<InvalidRestrictions> for b24_core::Error {
    fn from(invalid: InvalidRestrictions) -> Self {
        Self::usage(SdkCode::InvalidConfig, invalid.to_string())
    }
}

/// Passes a number that lies in `range`; what is not finite lies in none.
pub(super) fn number(
    field: &'static str,
    value: f64,
    range: RangeInclusive<f64>,
    expected: &'static str,
) -> Result<(), InvalidRestrictions> {
    if range.contains(&value) { Ok(()) } else { Err(InvalidRestrictions::new(field, expected)) }
}

/// Passes a duration that lies in `range`.
pub(super) fn duration(
    field: &'static str,
    value: Duration,
    range: RangeInclusive<Duration>,
    expected: &'static str,
) -> Result<(), InvalidRestrictions> {
    if range.contains(&value) { Ok(()) } else { Err(InvalidRestrictions::new(field, expected)) }
}

/// Longer than any limit of a portal, and far from the end of any clock.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
