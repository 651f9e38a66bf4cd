//! `cargo xtask deny`: licences, bans, sources and advisories, as `deny.toml` says.

use std::env;
use std::time::Duration;

use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::process::run_within;
use crate::project::Project;
use crate::tool::DENY;

/// How long fetching the advisory database may take before it counts as out of reach.
const FETCH_LIMIT: Duration = Duration::from_secs(90);

/// Advisories are checked where their database can be reached; the rest always.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    DENY.require(project)?;
    let sh = project.shell();
    project.run(cmd!(sh, "cargo deny --all-features check --hide-inclusion-graph bans licenses sources"))?;
    if let Err(why) = fetch_advisories(project) {
        println!("advisories not checked, their database cannot be reached: {why}");
        return Ok(Outcome::Done);
    }
    project.run(cmd!(sh, "cargo deny --all-features check --disable-fetch advisories"))?;
    Ok(Outcome::Done)
}

fn fetch_advisories(project: &Project) -> Result {
    if env::var_os("B24_OFFLINE").is_some() {
        return Err("B24_OFFLINE is set".into());
    }
    let sh = project.shell();
    run_within(FETCH_LIMIT, cmd!(sh, "cargo deny fetch db"))
}
