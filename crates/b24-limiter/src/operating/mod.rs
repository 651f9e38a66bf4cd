//! The portal's operating time, seen from the client: pure state machines that are given the time.
//!
//! The portal adds up how long its handlers worked for one credential and method, in ten parts of a minute, and refuses
//! the method above a limit. Successful answers tell the sum and when its oldest part expires; refusals tell nothing.
//!
//! Sources: <https://apidocs.bitrix24.com/settings/performance/limits.html>; for batches and bans, which portals disagree
//! on: <https://github.com/bitrix24/b24jssdk/pull/539>

mod account;
mod meter;
mod window;

pub(crate) use account::{Account, Use};
use meter::Meter;
pub(crate) use meter::{Blocked, Moment, Rules, Told, Work};
