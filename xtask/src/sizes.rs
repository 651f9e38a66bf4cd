//! `cargo xtask sizes`: what the documented builds cost, against their goals.

mod frame_app;

use std::fs;

use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::table::{plain, row};
use crate::tree;

/// A build that the documentation speaks of.
struct Build {
    /// How the table calls it.
    name: &'static str,
    /// The package whose dependencies are counted.
    package: &'static str,
    /// The profile in which its program (a binary of the package's name) is built and measured.
    profile: Option<&'static str>,
    most_crates: Option<usize>,
    most_bytes: Option<u64>,
}

const MIB: u64 = 1024 * 1024;

/// The minimal build is the package `minimal`: core, auth-hook, transport and client, and one call. The goal for its
/// size is met in the profile `small`, which trades speed for it.
const BUILDS: [Build; 3] = [
    Build {
        name: "minimal, profile `small`",
        package: "minimal",
        profile: Some("small"),
        most_crates: Some(110),
        most_bytes: Some(3 * MIB),
    },
    Build {
        name: "minimal, profile `release`",
        package: "minimal",
        profile: Some("release"),
        most_crates: Some(110),
        most_bytes: None,
    },
    Build { name: "facade, default features", package: "b24", profile: None, most_crates: None, most_bytes: None },
];

/// Counts, builds, prints a table; fails when a goal is missed.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let mut rows = vec![row(["build", "crates", "goal", "binary", "goal"])];
    let mut missed = Vec::new();
    for build in &BUILDS {
        let crates = tree::crates(project, build.package, &[])?.len();
        let bytes = build.profile.map(|profile| binary_size(project, build.package, profile)).transpose()?;
        if exceeds(Some(crates), build.most_crates) {
            missed.push(format!("{}: too many crates", build.name));
        }
        if exceeds(bytes, build.most_bytes) {
            missed.push(format!("{}: the binary is too big", build.name));
        }
        rows.push(row([
            build.name,
            &crates.to_string(),
            &goal(build.most_crates.map(|most| most.to_string())),
            &bytes.map_or_else(|| "-".to_owned(), mebibytes),
            &goal(build.most_bytes.map(mebibytes)),
        ]));
    }
    let (app, too_big) = frame_app::rows(project)?;
    rows.extend(app);
    missed.extend(too_big);
    println!("\n{}", plain(&rows));
    if missed.is_empty() { Ok(Outcome::Done) } else { Err(missed.join("; ").into()) }
}

/// The size of the program of a package in a profile; both profiles strip symbols.
///
/// Each program is built alone, or cargo would give it the features that others ask for.
fn binary_size(project: &Project, package: &str, profile: &str) -> Result<u64> {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build --profile {profile} -p {package}"))?;
    let binary = project.target().join(profile).join(package);
    Ok(fs::metadata(binary)?.len())
}

fn exceeds<T: PartialOrd>(value: Option<T>, most: Option<T>) -> bool {
    value.zip(most).is_some_and(|(value, most)| value > most)
}

fn goal(most: Option<String>) -> String {
    most.map_or_else(|| "-".to_owned(), |most| format!("at most {most}"))
}

/// `3 MiB`, `2.35 MiB`, rounded up in the last digit so that no size looks smaller than it is.
fn mebibytes(bytes: u64) -> String {
    let hundredths = (bytes * 100).div_ceil(MIB);
    match (hundredths / 100, hundredths % 100) {
        (whole, 0) => format!("{whole} MiB"),
        (whole, part) => format!("{whole}.{part:02} MiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_by_its_own_value() {
        assert!(!exceeds(Some(110), Some(110)));
        assert!(exceeds(Some(111), Some(110)));
        assert!(!exceeds(Some(111), None));
        assert!(!exceeds(None, Some(110)));
    }

    #[test]
    fn sizes_are_rounded_up() {
        for (bytes, want) in [(3 * MIB, "3 MiB"), (3 * MIB + 1, "3.01 MiB"), (MIB / 2, "0.50 MiB")] {
            assert_eq!(mebibytes(bytes), want);
        }
    }
}
