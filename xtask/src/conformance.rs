//! `cargo xtask conformance`: the scenario suite against `b24 run`, where the suite is at hand.
//!
//! The suite is kept beside the repository because it is shared by clients in several
//! languages; a plain checkout does without it.

use std::path::{Path, PathBuf};

use clap::Args;
use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;

/// The suite's folder, seen from the root of the repository.
const SUITE: &str = "../shared/conformance";

/// The scenarios of what is implemented.
const FAMILIES: [&str; 16] = [
    "hook-url-*",
    "auth-*",
    "call-*",
    "telemetry-*",
    "params-encoding-*",
    "errors-*",
    "redirect-*",
    "secrets-*",
    "retry-*",
    "limits-*",
    "idempotency-*",
    "batch-*",
    "chunk-*",
    "list-*",
    "tail-*",
    "aggregate-*",
];

/// Which scenarios to run.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Names of scenarios: `call-*` is a beginning, anything else a part; default: all implemented families
    patterns: Vec<String>,
}

/// Runs the chosen scenarios over http, then over https.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let runner = Path::new(SUITE).join("run.py");
    if !project.shell().path_exists(&runner) {
        return Ok(Outcome::Skipped(format!("the conformance suite is not at {}", runner.display())));
    }
    let scenarios = &scenarios(project, options)?;
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build -p b24-cli"))?;
    // The runner splits the client into words: without the root there is none to split at.
    let client = project.target().join("debug/b24");
    let client = client.strip_prefix(project.root()).unwrap_or(&client);
    let schemes: [&[&str]; 2] = [&[], &["--tls"]];
    for scheme in schemes {
        project.run(cmd!(sh, "python3 {runner} --client {client} {scheme...} {scenarios...}"))?;
    }
    Ok(Outcome::Done)
}

fn scenarios(project: &Project, options: &Options) -> Result<Vec<PathBuf>> {
    let given: Vec<_> = options.patterns.iter().map(String::as_str).collect();
    let patterns = if given.is_empty() { &FAMILIES[..] } else { &given };
    let mut paths = project.shell().read_dir(Path::new(SUITE).join("scenarios"))?;
    paths.retain(|path| {
        let name = path.file_stem().and_then(|stem| stem.to_str());
        name.is_some_and(|name| patterns.iter().any(|pattern| matches(name, pattern)))
    });
    if paths.is_empty() {
        return Err(format!("no scenario is named {}", patterns.join(", ")).into());
    }
    Ok(paths)
}

fn matches(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name.contains(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_means_a_beginning() {
        for (name, pattern, want) in [
            ("call-v2-no-params", "call-*", true),
            ("batch-call", "call-*", false),
            ("call-v2-no-params", "no-params", true),
            ("call-v2-no-params", "v3", false),
        ] {
            assert_eq!(matches(name, pattern), want, "{name} {pattern}");
        }
    }
}
