//! `std` for wasm32, built from the source that belongs to the compiler.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use xshell::{Cmd, cmd};

use super::super::{TARGET, toolchain};
use super::settings;
use super::work::Work;
use crate::outcome::Result;
use crate::project::Project;
use crate::retry::{PAUSE, retry};

/// What a compiler says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// The platform it runs on.
    pub(super) host: String,
    commit: String,
}

impl Version {
    fn parse(shown: &str) -> Option<Self> {
        let value = |name| shown.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
        Some(Self { host: value("host:")?, commit: value("commit-hash:")? })
    }
}

/// Asks the compiler of a toolchain.
pub(super) fn version(project: &Project, toolchain: &Path) -> Result<Version> {
    let sh = project.shell();
    let rustc = toolchain::rustc(toolchain);
    let shown = project.read(cmd!(sh, "{rustc} -vV"))?;
    Ok(Version::parse(&shown).ok_or_else(|| format!("rustc -vV says {shown:?}"))?)
}

/// Builds it and puts it where the compiler looks for it. `source` is the folder its package was unpacked to.
pub(super) fn build(project: &Project, work: &Work, toolchain: &Path, source: &Path, version: &Version) -> Result {
    let library = library(source)?;
    let profile = profile(&fs::read_to_string(library.join("Cargo.toml"))?);
    let target = work.path().join("std");
    retry(PAUSE, || project.run(cargo(project, toolchain, &library, &target, profile, version)))?;
    let built = target.join(TARGET).join(profile).join("deps");
    let place = toolchain.join("usr/lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&place)?;
    for entry in fs::read_dir(built)? {
        let path = entry?.path();
        if let Some(name) = path.file_name().filter(|_| path.extension().is_some_and(|kind| kind == "rlib")) {
            fs::copy(&path, place.join(name))?;
        }
    }
    Ok(())
}

fn cargo<'a>(
    project: &'a Project,
    toolchain: &Path,
    library: &Path,
    target: &Path,
    profile: &str,
    version: &Version,
) -> Cmd<'a> {
    let sh = project.shell();
    let manifest = library.join("sysroot").join("Cargo.toml");
    let options = ["--quiet", "--locked", "--target", TARGET, "--profile", profile, "--features", "panic-unwind"];
    let command = cmd!(sh, "cargo build {options...} --manifest-path {manifest} --target-dir {target}");
    settings::removed(command)
        .env("RUSTC", toolchain::rustc(toolchain))
        // `std` uses what only the makers of the compiler may.
        .env("RUSTC_BOOTSTRAP", "1")
        // Tells its crates from those of the same name and version in a project.
        .env("__CARGO_DEFAULT_LIB_METADATA", "b24wasm")
        .env("CARGO_PROFILE_DIST_DEBUG", "0")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(library, version).join("\u{1f}"))
}

/// Those of a distributed `std`: unstable by default, ready for LTO, and without the paths of this machine.
fn flags(library: &Path, version: &Version) -> Vec<String> {
    let commit = &version.commit;
    let mut flags = vec![
        "-Zforce-unstable-if-unmarked".to_owned(),
        "-Cembed-bitcode=yes".to_owned(),
        format!("--remap-path-prefix={}=/rustc/{commit}/library", library.display()),
    ];
    let home = env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    if let Some(cargo) = env::var_os("CARGO_HOME").map(PathBuf::from).or(home) {
        flags.push(format!("--remap-path-prefix={}=/rustc/deps", cargo.join("registry/src").display()));
    }
    flags
}

/// The profile that its makers distribute it in, where it has one.
fn profile(manifest: &str) -> &'static str {
    if manifest.lines().any(|line| line.trim() == "[profile.dist]") { "dist" } else { "release" }
}

/// `usr/src/rustc-web-1.96.0/library`.
fn library(source: &Path) -> Result<PathBuf> {
    let versions = fs::read_dir(source.join("usr/src"))
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok().map(|entry| entry.path()));
    let mut libraries = versions.map(|version| version.join("library"));
    let library = libraries.find(|library| library.join("Cargo.lock").is_file());
    library.ok_or_else(|| "the source has no library/Cargo.lock".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_says_where_it_runs() {
        let shown =
            "rustc 1.96.0 (built from a source tarball)\nbinary: rustc\ncommit-hash: ac68\nhost: x86_64-linux\n";
        let want = Version { host: "x86_64-linux".to_owned(), commit: "ac68".to_owned() };
        assert_eq!(Version::parse(shown), Some(want));
        assert_eq!(Version::parse("rustc 1.96.0\n"), None);
    }

    #[test]
    fn std_is_built_as_it_is_distributed() {
        assert_eq!(profile("[workspace]\n\n[profile.dist]\ndebug = 0\n"), "dist");
        assert_eq!(profile("[profile.release]\n"), "release");
    }
}
