//! The checkout: where it is, and how commands run in it.

use std::env;
use std::path::{Path, PathBuf};

use xshell::{Cmd, Shell};

use crate::outcome::Result;

/// The checkout this task runner was built from.
pub(crate) struct Project {
    shell: Shell,
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Opens the workspace; commands run in its root whatever the caller's folder is.
    pub(crate) fn open() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .ok_or("the task runner lies outside of a workspace")?
            .to_owned();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        let shell = Shell::new()?;
        shell.change_dir(&root);
        Ok(Self { shell, root, target })
    }

    /// The shell commands are made with: `cmd!(project.shell(), ..)` after `let sh = ..`.
    pub(crate) fn shell(&self) -> &Shell {
        &self.shell
    }

    /// The root of the workspace.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Echoes and runs a command; its output goes where ours goes.
    pub(crate) fn run(&self, command: Cmd<'_>) -> Result {
        Ok(foreign(command).run()?)
    }

    /// Echoes and runs a command, and returns what it printed on standard output.
    pub(crate) fn read(&self, command: Cmd<'_>) -> Result<String> {
        eprintln!("$ {command}");
        Ok(foreign(command).read()?)
    }

    /// Whether a command runs at all; says nothing.
    pub(crate) fn succeeds(&self, command: Cmd<'_>) -> bool {
        let command = foreign(command).quiet().ignore_stdout().ignore_stderr();
        command.run().is_ok()
    }
}

/// Takes out of a command's environment what `cargo run` tells this program about itself.
///
/// Build scripts such as ring's ask to run again when `CARGO_MANIFEST_DIR` or `CARGO_PKG_*`
/// change: with ours passed on, a build from a verb and a build from the terminal would
/// throw away each other's work.
pub(crate) fn foreign(mut command: Cmd<'_>) -> Cmd<'_> {
    for (name, _) in env::vars_os() {
        let ours =
            name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
        if ours {
            command = command.env_remove(name);
        }
    }
    command
}
