//! `cargo xtask setup`: installs the cargo tools that are missing.

use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::tool::{DENY, HACK, NEXTEST, Tool};

/// Installs what is missing, in the pinned version; leaves what is there alone.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    for tool in [&NEXTEST, &HACK, &DENY] {
        if tool.is_installed(project) {
            println!("{} is installed", tool.package);
        } else {
            install(project, tool)?;
        }
    }
    Ok(Outcome::Done)
}

/// Builds a tool without optimisation: it runs for seconds, and optimised (cargo-deny asks for
/// fat LTO) it would compile for many minutes on a small CI machine.
fn install(project: &Project, tool: &Tool) -> Result {
    let sh = project.shell();
    let (package, version) = (tool.package, tool.version);
    let command = cmd!(sh, "cargo install {package} --version {version} --locked")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    project.run(command)
}
