//! Where the tokens of a portal's rate come from.
//!
//! Each limiter takes its tokens from a [`QuotaStore`]. The one in this crate, [`InProcess`], counts what this process
//! sends; a portal counts what comes from one address, so processes and hosts behind one address do better with a store
//! that they share. Everything else (the queue, priorities, operating time, statistics) stays in the process: the portal
//! itself tells all of them how much operating time is used.
//!
//! A store answers at once or later ([`Answer`]). All its times are durations from its own present: a shared store goes by
//! its server's clock, and no two hosts have to agree on theirs.

mod answer;
mod in_process;
mod store;

pub use answer::Answer;
pub use in_process::InProcess;
pub use store::{Ask, Gauge, QuotaStore, Refusal, Take, Tokens};
