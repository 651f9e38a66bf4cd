//! `cargo xtask features`: each feature alone, and what a minimal build must not pull.

use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::tool::HACK;
use crate::tree;
use crate::wasm;

/// The library crates.
const LIBRARIES: [&str; 11] = [
    "b24-core",
    "b24-transport",
    "b24-auth-frame",
    "b24-auth-hook",
    "b24-auth-oauth",
    "b24-events",
    "b24-limiter",
    "b24-client",
    "b24",
    "b24-portal",
    "b24-timer",
];

/// What the smallest build of a package must not pull: package, options, families of crates.
const LEAN: [(&str, &[&str], &[&str]); 10] = [
    ("b24-core", &[], &["tokio", "hyper", "rustls", "url"]),
    ("b24-auth-frame", &[], &["hyper", "rustls", "url"]),
    ("b24-auth-hook", &[], &["tokio", "hyper", "rustls"]),
    ("b24-auth-oauth", &["--no-default-features"], &["hyper", "rustls", "url", "fs4", "tokio-postgres"]),
    ("b24-auth-oauth", &[], &["hyper", "rustls", "url", "tokio-postgres"]),
    ("b24-client", &[], &["hyper", "rustls"]),
    ("b24-events", &["--no-default-features"], &["hyper", "rustls", "url", "rusqlite"]),
    ("b24-events", &[], &["hyper", "rustls", "url"]),
    ("b24-limiter", &[], &["hyper", "rustls"]),
    ("b24", &["--no-default-features"], &["hyper", "rustls"]),
];

/// What the build for a browser must not pull: package, options, families of crates.
const LEAN_IN_BROWSER: [(&str, &[&str], &[&str]); 7] = [
    ("b24-timer", &[], &["tokio"]),
    ("b24-auth-frame", &[], &["tokio", "hyper", "rustls"]),
    ("b24-limiter", &[], &["tokio", "hyper", "rustls"]),
    ("b24-transport", &["--features", "http-client"], &["tokio", "hyper", "rustls", "aws-lc-rs", "mio"]),
    ("b24", &[], &["tokio", "hyper", "rustls", "aws-lc-rs", "mio"]),
    ("b24", &["--features", "frame"], &["tokio", "hyper", "rustls", "aws-lc-rs", "mio"]),
    ("b24", &["--features", "expose-secret-in-browser"], &["tokio", "hyper", "rustls", "aws-lc-rs", "mio"]),
];

/// Which crates of this workspace a crate may depend on. Siblings meet in the facade alone.
const SIBLINGS: [(&str, &[&str]); 10] = [
    ("b24-timer", &[]),
    ("b24-core", &[]),
    ("b24-portal", &[]),
    ("b24-transport", &["b24-core", "b24-timer"]),
    ("b24-auth-frame", &["b24-core", "b24-timer"]),
    ("b24-auth-hook", &["b24-core"]),
    ("b24-auth-oauth", &["b24-core"]),
    ("b24-client", &["b24-core"]),
    ("b24-events", &["b24-core"]),
    ("b24-limiter", &["b24-core", "b24-timer"]),
];

/// The assertions come first: they take seconds.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let mut problems = too_heavy(project)?;
    problems.extend(wrong_siblings(project)?);
    for problem in &problems {
        eprintln!("{problem}");
    }
    if !problems.is_empty() {
        return Err(format!("{} dependency rule(s) broken, see above", problems.len()).into());
    }
    HACK.require(project)?;
    each_feature(project)?;
    Ok(Outcome::Done)
}

/// Clippy rather than check: it costs the same and an unused import of one feature set fails.
///
/// Development dependencies stay out without cargo-hack's `--no-dev-deps` (which rewrites the
/// manifests while it runs): the resolver does not mix their features into a build of the library.
fn each_feature(project: &Project) -> Result {
    let sh = project.shell();
    let packages: Vec<_> = LIBRARIES.iter().flat_map(|name| ["-p", *name]).collect();
    let deny = ["--", "-D", "warnings"];
    project.run(cmd!(sh, "cargo hack clippy --lib --each-feature {packages...} {deny...}"))
}

fn too_heavy(project: &Project) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    // The tree of a target needs nothing of it: not its `std`.
    let in_browser = LEAN_IN_BROWSER
        .map(|(package, options, families)| (package, [options, &["--target", wasm::TARGET][..]].concat(), families));
    let here = LEAN.map(|(package, options, families)| (package, options.to_vec(), families));
    for (package, options, families) in here.into_iter().chain(in_browser) {
        let crates = tree::crates(project, package, &options)?;
        let build = [&[package][..], &options].concat().join(" ");
        for name in tree::members(&crates, families) {
            problems.push(format!("{build} must not pull {name}"));
        }
    }
    Ok(problems)
}

fn wrong_siblings(project: &Project) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for (package, allowed) in SIBLINGS {
        // The widest build there is: every feature, every platform.
        let crates = tree::crates(project, package, &["--all-features", "--target", "all"])?;
        for name in tree::members(&crates, &["b24"]) {
            if name != package && !allowed.contains(&name) {
                problems.push(format!("{package} must not depend on {name}"));
            }
        }
    }
    Ok(problems)
}
