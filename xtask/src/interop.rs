//! `cargo xtask interop`: the official JavaScript SDK and `b24` ask the same of one portal.

use std::env;
use std::path::Path;

use serde_json::Value;
use xshell::cmd;

use crate::embedded_portal::EmbeddedPortal;
use crate::outcome::{Outcome, Result};
use crate::project::Project;

/// The official SDK, in the version its behaviour was read from.
const PACKAGE: &str = "@bitrix24/b24jssdk";
const VERSION: &str = "2.2.0";

/// Installs the SDK below `target/`, starts a portal with TLS, and lets Node compare.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let sh = project.shell();
    for tool in ["node", "npm"] {
        if !project.succeeds(cmd!(sh, "{tool} --version")) {
            return Ok(Outcome::Skipped(format!("{tool} is not installed")));
        }
    }
    let folder = project.target().join("interop");
    if !is_installed(project, &folder)? {
        if env::var_os("B24_OFFLINE").is_some() {
            return Ok(Outcome::Skipped(format!("{PACKAGE} is not installed, and B24_OFFLINE is set")));
        }
        install(project, &folder).map_err(|error| {
            format!("{PACKAGE} {VERSION} cannot be had from the npm registry (B24_OFFLINE does without): {error}")
        })?;
    }
    compare(project, &folder)?;
    Ok(Outcome::Done)
}

fn is_installed(project: &Project, folder: &Path) -> Result<bool> {
    let sh = project.shell();
    let manifest = folder.join("node_modules").join(PACKAGE).join("package.json");
    Ok(sh.path_exists(&manifest) && version(&sh.read_file(&manifest)?) == VERSION)
}

/// The script and the SDK stand side by side, where Node looks for packages.
fn install(project: &Project, folder: &Path) -> Result {
    let sh = project.shell();
    let manifest = serde_json::json!({
        "private": true,
        "dependencies": { PACKAGE: VERSION },
    });
    sh.write_file(folder.join("package.json"), manifest.to_string())?;
    // Nothing of a package runs but what the script imports.
    project.run(cmd!(sh, "npm install --prefix {folder} --ignore-scripts --no-audit --no-fund --no-update-notifier"))
}

fn version(manifest: &str) -> String {
    let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
    manifest["version"].as_str().unwrap_or_default().to_owned()
}

fn compare(project: &Project, folder: &Path) -> Result {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build -p b24-cli"))?;
    let b24 = project.target().join("debug/b24");
    let tls = folder.join("tls");
    sh.create_dir(&tls)?;
    let portal = EmbeddedPortal::start(cmd!(sh, "{b24} portal --tls {tls} --port 0 --seed 7 --rows 60"))?;
    let ca = tls.join("ca.pem");
    let script = folder.join("compare.mjs");
    sh.write_file(&script, include_str!("../interop/compare.mjs"))?;
    let command = cmd!(sh, "node {script} {b24} {ca}")
        .env("B24_HOOK", portal.hook_url())
        .env("NODE_EXTRA_CA_CERTS", &ca)
        // Where a proxy is set, the SDK would send even a loopback call through it.
        .env("NO_PROXY", "*");
    project.run(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_package_has_no_version() {
        assert_eq!(version(r#"{"name": "x", "version": "2.2.0"}"#), "2.2.0");
        assert_eq!(version("{"), "");
    }
}
