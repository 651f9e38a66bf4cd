//! The target by rustup: what most people have.

use std::time::Duration;

use xshell::cmd;

use super::super::TARGET;
use crate::machine;
use crate::outcome::Result;
use crate::process::run_within;
use crate::project::Project;

/// A download of 25 MB. Where there is no network rustup would wait much longer.
const LIMIT: Duration = Duration::from_secs(120);

/// Adds it to the toolchain that is active in this checkout.
pub(super) fn add_target(project: &Project) -> Result {
    let rustup = machine::in_path("rustup").ok_or("there is no rustup")?;
    let sh = project.shell();
    run_within(LIMIT, cmd!(sh, "{rustup} target add {TARGET}"))
}
