//! The cargo tools that some verbs need.

use xshell::cmd;

use crate::outcome::Result;
use crate::project::Project;

/// A cargo subcommand that is not part of cargo.
#[derive(Debug)]
pub(crate) struct Tool {
    /// What follows `cargo` on the command line.
    pub(crate) subcommand: &'static str,
    /// The crate it is installed from.
    pub(crate) package: &'static str,
    /// The version `setup` installs; any installed version is used.
    pub(crate) version: &'static str,
}

/// Runs tests in parallel, each in a process of its own.
pub(crate) const NEXTEST: Tool = Tool { subcommand: "nextest", package: "cargo-nextest", version: "0.9.143" };

/// Checks each feature alone.
pub(crate) const HACK: Tool = Tool { subcommand: "hack", package: "cargo-hack", version: "0.6.46" };

/// Checks licences, sources and advisories of dependencies.
pub(crate) const DENY: Tool = Tool { subcommand: "deny", package: "cargo-deny", version: "0.20.2" };

impl Tool {
    /// Whether it is installed, in whatever version.
    pub(crate) fn is_installed(&self, project: &Project) -> bool {
        let sh = project.shell();
        let subcommand = self.subcommand;
        project.succeeds(cmd!(sh, "cargo {subcommand} --version"))
    }

    /// Fails with the way to get it where it is absent.
    pub(crate) fn require(&self, project: &Project) -> Result {
        if self.is_installed(project) {
            return Ok(());
        }
        let package = self.package;
        Err(format!("{package} is not installed; `cargo xtask setup` installs it").into())
    }
}
