//! `cargo xtask setup`: installs the cargo tools that are missing.

use clap::Args;
use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::tool::{DENY, HACK, NEXTEST, Tool};
use crate::wasm;

/// What to install beside them.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Also what `cargo xtask wasm` needs
    ///
    /// A toolchain for wasm32-unknown-unknown: by `rustup target add`, and where that fails by Debian's packages, unpacked
    /// into a cache (`B24_WASM_DIR`, by default `b24-wasm` in the user's cache). wasm-bindgen-cli of the version in
    /// Cargo.lock, into the same cache. As root on Debian or its kin: the packages `chromium` and `chromium-driver`.
    /// Where there is npm: `wasm-opt`, below `target/`.
    #[arg(long)]
    wasm: bool,
}

/// Installs what is missing, in the pinned version; leaves what is there alone.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    for tool in [&NEXTEST, &HACK, &DENY] {
        if tool.is_installed(project) {
            println!("{} is installed", tool.package);
        } else {
            install(project, tool)?;
        }
    }
    if options.wasm {
        wasm::provision(project)?;
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
