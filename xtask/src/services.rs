//! Servers that some tests need, started for them and gone afterwards.

mod binaries;
mod postgres;

use std::env;

pub(crate) use self::postgres::Postgres;
use crate::outcome::Result;

/// Where the tests find the URL of a database.
pub(crate) const POSTGRES: &str = "B24_TEST_POSTGRES";

/// Starts a server of PostgreSQL, unless the environment names one already.
///
/// # Errors
/// It cannot be started here, for this reason.
pub(crate) fn postgres(may_install: bool) -> Result<Option<Postgres>> {
    if env::var_os(POSTGRES).is_some() {
        println!("{POSTGRES} is set: the tests use that database");
        return Ok(None);
    }
    let folder = match binaries::find() {
        Some(folder) => folder,
        None if may_install => binaries::install()?,
        None => return Err("no binaries of it (`cargo xtask test --services` may install them)".into()),
    };
    let server = Postgres::start(&folder)?;
    println!("PostgreSQL of {} listens on 127.0.0.1:{}", folder.display(), server.port());
    Ok(Some(server))
}
