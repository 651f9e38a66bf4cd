//! `cargo xtask examples`: runs every example against the embedded portal.

use std::path::Path;
use std::time::Duration;

use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::process::run_within;
use crate::project::Project;

/// How long one example may run: they talk to a portal in their own process.
const LIMIT: Duration = Duration::from_secs(120);
/// Examples that are packages of their own, because what they depend on is what they show.
const PACKAGES: [&str; 1] = ["limiter-anywhere"];

/// Builds all examples at once, then runs each with `--fake`.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let mut names = names(project)?;
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build -p b24-examples --bins"))?;
    let mut failed = Vec::new();
    names.extend(PACKAGES.map(str::to_owned));
    for name in &names {
        let package = if PACKAGES.contains(&name.as_str()) { name } else { "b24-examples" };
        let command = cmd!(sh, "cargo run --quiet -p {package} --bin {name} -- --fake");
        if let Err(error) = run_within(LIMIT, command) {
            eprintln!("{error}");
            failed.push(name.as_str());
        }
    }
    if failed.is_empty() {
        println!("{} examples ran: {}", names.len(), names.join(", "));
        Ok(Outcome::Done)
    } else {
        Err(format!("examples failed: {}", failed.join(", ")).into())
    }
}

/// The examples: `examples/src/bin/NAME.rs` or `examples/src/bin/NAME/main.rs`.
fn names(project: &Project) -> Result<Vec<String>> {
    let folder = project.root().join("examples/src/bin");
    let paths = project.shell().read_dir(&folder)?;
    let mut names: Vec<_> = paths.iter().filter_map(|path| name(path)).collect();
    names.sort();
    if names.is_empty() {
        return Err("there is no example in examples/src/bin".into());
    }
    Ok(names)
}

fn name(path: &Path) -> Option<String> {
    let is_example = path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file();
    let stem = path.file_stem().filter(|_| is_example)?;
    stem.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_are_examples() {
        assert_eq!(name(Path::new("bin/list_deals.rs")).as_deref(), Some("list_deals"));
        assert_eq!(name(Path::new("bin/README.md")), None);
        assert_eq!(name(Path::new("bin/shared")), None);
    }
}
