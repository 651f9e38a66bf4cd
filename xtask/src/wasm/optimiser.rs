//! Binaryen's `wasm-opt`, where it is to be had: without it the goal for the size is another.

use std::path::{Path, PathBuf};

use xshell::cmd;

use crate::machine;
use crate::outcome::Result;
use crate::project::Project;

/// Named one by one: with all of its features on, it writes modules that browsers of today refuse.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
];

/// A `wasm-opt` that knows these features.
#[derive(Debug)]
pub(super) struct Optimiser {
    program: PathBuf,
}

impl Optimiser {
    /// That of npm below `target/`, else that of the PATH; an old one does not count.
    pub(super) fn find(project: &Project) -> Option<Self> {
        let installed = folder(project).join("node_modules").join(".bin").join("wasm-opt");
        let in_path = machine::in_path("wasm-opt");
        let program =
            [Some(installed), in_path].into_iter().flatten().find(|program| knows_features(project, program))?;
        Some(Self { program })
    }

    /// Makes a module smaller, in its place.
    pub(super) fn run(&self, project: &Project, module: &Path) -> Result {
        let sh = project.shell();
        let program = &self.program;
        project.run(cmd!(sh, "{program} -Oz {FEATURES...} {module} -o {module}"))
    }
}

/// Where npm's package is installed.
pub(super) fn folder(project: &Project) -> PathBuf {
    project.target().join("binaryen")
}

fn knows_features(project: &Project, program: &Path) -> bool {
    let sh = project.shell();
    let help = cmd!(sh, "{program} --help").quiet().ignore_stderr().read();
    help.is_ok_and(|help| FEATURES.iter().all(|feature| help.contains(feature)))
}
