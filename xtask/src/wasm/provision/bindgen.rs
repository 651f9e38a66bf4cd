//! wasm-bindgen-cli, from the crate registry.

use xshell::{Cmd, cmd};

use super::super::bindgen;
use super::work::Work;
use super::{Part, settings};
use crate::machine;
use crate::outcome::Result;
use crate::project::Project;

/// The crates that work on modules. They are optimised and the others are not: that is a third of the building time of a
/// release build, and near its speed.
const OPTIMISED: [&str; 8] =
    ["walrus", "wasmparser", "wasm-encoder", "wasm-bindgen-cli-support", "id-arena", "leb128fmt", "gimli", "hashbrown"];

/// Builds the version that Cargo.lock names into the cache; some minutes.
pub(super) fn install(project: &Project) -> Result<Part> {
    if machine::is_offline() {
        return Err("B24_OFFLINE is set".into());
    }
    let version = bindgen::version(project)?;
    let work = Work::new()?;
    let root = work.path().join("root");
    project.run(build(project, &version, &work).arg("--locked")).or_else(|error| {
        println!("its lock file cannot be met: {error}");
        project.run(build(project, &version, &work))
    })?;
    work.keep(&root, &bindgen::folder_name(&version))?;
    Ok(Part::Installed)
}

/// Without default features there is no TLS, which only a driver on another machine would need.
fn build<'a>(project: &'a Project, version: &str, work: &Work) -> Cmd<'a> {
    let sh = project.shell();
    let (root, target) = (work.path().join("root"), work.path().join("target"));
    let options = ["--quiet", "--debug", "--no-default-features"];
    let programs = ["--bin", bindgen::PROGRAM, "--bin", bindgen::RUNNER];
    let optimised =
        OPTIMISED.iter().flat_map(|name| ["--config".into(), format!("profile.dev.package.{name}.opt-level=2")]);
    let command =
        cmd!(sh, "cargo install wasm-bindgen-cli --version ={version} {options...} {programs...} {optimised...}");
    let command = command.arg("--root").arg(root).arg("--target-dir").arg(target);
    settings::removed(command).env("CARGO_PROFILE_DEV_DEBUG", "0")
}
