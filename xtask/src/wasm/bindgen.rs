//! The command `wasm-bindgen` and its test runner, in the version of the crate: they refuse the modules of another.

use std::path::{Path, PathBuf};

use xshell::cmd;

use super::{cache, lockfile};
use crate::machine;
use crate::outcome::Result;
use crate::project::Project;

/// The programs of one version, side by side.
#[derive(Debug)]
pub(super) struct Bindgen {
    folder: PathBuf,
}

impl Bindgen {
    /// Those of the PATH, else those of the cache.
    pub(super) fn find(project: &Project) -> Result<Option<Self>> {
        let version = version(project)?;
        let in_path = machine::in_path(PROGRAM).and_then(|program| program.parent().map(Path::to_owned));
        let cached = cache::folder().ok().map(|cache| cache.join(folder_name(&version)).join("bin"));
        let folder = in_path.into_iter().chain(cached).find(|folder| is_complete(project, folder, &version));
        Ok(folder.map(|folder| Self { folder }))
    }

    /// Finds them.
    ///
    /// # Errors
    /// They are not there in the right version, and this is how to get them.
    pub(super) fn require(project: &Project) -> Result<Self> {
        if let Some(found) = Self::find(project)? {
            return Ok(found);
        }
        let version = version(project)?;
        Err(format!(
            "wasm-bindgen-cli {version} is not installed; `cargo xtask setup --wasm` or \
             `cargo install --locked wasm-bindgen-cli --version {version}` installs it"
        )
        .into())
    }

    /// Makes JavaScript for a module.
    pub(super) fn program(&self) -> PathBuf {
        program(&self.folder, PROGRAM)
    }

    /// Runs the tests in a module.
    pub(super) fn test_runner(&self) -> PathBuf {
        program(&self.folder, RUNNER)
    }
}

pub(super) const PROGRAM: &str = "wasm-bindgen";
pub(super) const RUNNER: &str = "wasm-bindgen-test-runner";

/// The version of the crate in Cargo.lock.
pub(super) fn version(project: &Project) -> Result<String> {
    lockfile::version(project, "wasm-bindgen")
}

/// The folder in the cache that a version was installed to.
pub(super) fn folder_name(version: &str) -> String {
    format!("wasm-bindgen-{version}")
}

fn is_complete(project: &Project, folder: &Path, version: &str) -> bool {
    let program = |name| program(folder, name);
    let sh = project.shell();
    let name = program(PROGRAM);
    let shown = cmd!(sh, "{name} --version").quiet().ignore_stderr().read();
    program(RUNNER).is_file() && shown.is_ok_and(|shown| shown == format!("wasm-bindgen {version}"))
}

fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(name).with_extension(std::env::consts::EXE_EXTENSION)
}
