//! The official JavaScript SDK, which ours is compared with.

use std::path::{Path, PathBuf};

use serde_json::Value;
use xshell::cmd;

use crate::machine;
use crate::outcome::Result;
use crate::project::Project;

/// The official SDK, in the version its behaviour was read from.
const PACKAGE: &str = "@bitrix24/b24jssdk";
const VERSION: &str = "2.2.0";

/// Whether the SDK can be used here.
pub(crate) enum JsSdk {
    /// A script in this folder can import it.
    Installed(PathBuf),
    /// It cannot, for this reason, and that is no failure.
    Absent(String),
}

impl JsSdk {
    /// Installs it below `target/`, unless it is there.
    pub(crate) fn install(project: &Project) -> Result<Self> {
        let sh = project.shell();
        for tool in ["node", "npm"] {
            if !project.succeeds(cmd!(sh, "{tool} --version")) {
                return Ok(Self::Absent(format!("{tool} is not installed")));
            }
        }
        let folder = project.target().join("interop");
        if !is_installed(project, &folder)? {
            if machine::is_offline() {
                return Ok(Self::Absent(format!("{PACKAGE} is not installed, and B24_OFFLINE is set")));
            }
            install(project, &folder).map_err(|error| {
                format!("{PACKAGE} {VERSION} cannot be had from the npm registry (B24_OFFLINE does without): {error}")
            })?;
        }
        Ok(Self::Installed(folder))
    }

    /// What it is called in a table.
    pub(crate) fn name() -> String {
        format!("{PACKAGE} {VERSION}")
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_package_has_no_version() {
        assert_eq!(version(r#"{"name": "x", "version": "2.2.0"}"#), "2.2.0");
        assert_eq!(version("{"), "");
    }
}
