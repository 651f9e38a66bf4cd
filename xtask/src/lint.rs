//! `cargo xtask lint`: formatting, clippy on each feature set, house rules.

use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::tidy;

/// Formatting first, as it is the quickest to fail; the house rules also where clippy fails.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo fmt --all --check"))?;
    let clippy = clippy(project);
    let tidy = tidy::run(project);
    clippy.and(tidy)
}

fn clippy(project: &Project) -> Result {
    let sh = project.shell();
    let deny = ["--", "-D", "warnings"];
    let sets: [&[&str]; 3] = [
        &["--workspace", "--all-targets", "--all-features"],
        &["--workspace", "--all-targets"],
        // Tests and examples of the facade may need its default features; the library may not.
        &["-p", "b24", "--lib", "--no-default-features"],
    ];
    for set in sets {
        project.run(cmd!(sh, "cargo clippy {set...} {deny...}"))?;
    }
    Ok(())
}
