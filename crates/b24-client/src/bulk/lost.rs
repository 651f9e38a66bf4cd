//! A request of a bulk that brought no rows.

use std::fmt;

use b24_core::Error;

/// One request failed as a whole: nothing is known of its commands one by one. Whether they may have run, the
/// [`error`](Self::error) knows.
#[derive(Debug)]
pub struct LostChunk {
    places: Vec<usize>,
    error: Error,
}

impl LostChunk {
    pub(super) fn new(places: Vec<usize>, error: Error) -> Self {
        Self { places, error }
    }

    /// The absolute places of the commands it carried, from 0.
    #[must_use]
    pub fn places(&self) -> &[usize] {
        &self.places
    }

    /// Why it failed.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Whether the portal may have executed its commands; see [`Error::may_have_run`].
    #[must_use]
    pub fn may_have_run(&self) -> bool {
        self.error.may_have_run()
    }

    /// Hands the error over.
    #[must_use]
    pub fn into_error(self) -> Error {
        self.error
    }
}

impl fmt::Display for LostChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.places[..] {
            [] => f.write_str("a request failed"),
            [one] => write!(f, "the request with command {one} failed"),
            [first, .., last] => {
                write!(f, "the request with {} commands from {first} to {last} failed", self.places.len())
            }
        }
    }
}

impl std::error::Error for LostChunk {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

impl From<LostChunk> for Error {
    fn from(lost: LostChunk) -> Self {
        lost.error
    }
}
