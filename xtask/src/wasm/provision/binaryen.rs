//! `wasm-opt`, by npm.

use xshell::cmd;

use super::super::optimiser;
use super::Part;
use crate::machine;
use crate::outcome::Result;
use crate::project::Project;

/// Its module of this version was seen to run.
const VERSION: &str = "132.0.0";

/// Installs it below `target/`. What cannot be had here is done without.
pub(super) fn install(project: &Project) -> Result<Part> {
    let sh = project.shell();
    for tool in ["node", "npm"] {
        if !project.succeeds(cmd!(sh, "{tool} --version")) {
            return Ok(Part::Without(format!("{tool} is not installed")));
        }
    }
    if machine::is_offline() {
        return Ok(Part::Without("B24_OFFLINE is set".into()));
    }
    let folder = optimiser::folder(project);
    let manifest = serde_json::json!({ "private": true, "dependencies": { "binaryen": VERSION } });
    sh.write_file(folder.join("package.json"), manifest.to_string())?;
    let options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];
    match project.run(cmd!(sh, "npm install --prefix {folder} {options...}")) {
        Ok(()) => Ok(Part::Installed),
        Err(error) => Ok(Part::Without(error.to_string())),
    }
}
