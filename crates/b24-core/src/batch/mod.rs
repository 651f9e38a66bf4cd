//! Batches: several commands in one request, on v2 and v3.
//!
//! Everything here is a pure function of its arguments: [`Command`]s become the parameters of one `batch` call
//! ([`Plan`]), and its answer becomes one [`Outcome`] for each command, in order. Sending is another crate's part.
//!
//! Sources: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/batch.html>,
//! <https://apidocs.bitrix24.com/api-reference/rest-v3.html>

mod answer;
mod command;
mod info;
mod items;
mod key;
mod outcome;
mod payload;
mod plan;
mod prepared;
mod query;
mod reference;
mod unfit;

pub use command::Command;
pub use info::CommandInfo;
pub use key::Key;
pub use outcome::Outcome;
pub use payload::Payload;
pub use plan::Plan;
pub use prepared::{Alone, Prepared, Unprepared};
pub use reference::Reference;
pub use unfit::Unfit;

/// As many commands as one batch may carry: the portal refuses the 51st row by row while the first 50 run.
pub const MOST: usize = 50;
