//! What the limiter has counted, and whom it tells.

mod histogram;
mod observer;
mod snapshot;
mod tally;

pub use observer::{Answered, Observer, Paused, Rejected, Waited};
pub use snapshot::{Failure, MethodStats, RateStats, Stats, Waits};
pub(crate) use tally::{MethodTally, Tally};
