//! The limiter of one portal.
//!
//! A [`Limiter`] is a handle: clones share one state, and all that call one portal should share one of them. The layer
//! does so by itself, through the process-wide [`Limiters`].

mod handle;
mod permit;
mod registry;
mod rejection;
mod report;
mod settle;
mod source;
mod state;
mod turn;
mod uses;
mod wish;

pub use handle::{Limiter, LimiterBuilder};
pub use permit::Permit;
pub use registry::Limiters;
pub use rejection::{Bounded, Rejection, RejectionReason};
pub use turn::Turn;
