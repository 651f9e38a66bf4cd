//! A toolchain from Debian's packages: the compiler as it comes, and a `std` for wasm32 that is built from its source.
//!
//! Debian packages a Rust for its browsers, `rustc-web`, newer than its own `rustc` and with an LLVM that knows wasm32. It
//! has no `std` for it. The packages are unpacked and not installed, as they would stand in the way of others.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use xshell::cmd;

use super::super::{smoke, toolchain};
use super::sysroot;
use super::work::Work;
use crate::apt::Apt;
use crate::machine;
use crate::outcome::Result;
use crate::process::{Running, end_within};
use crate::project::Project;
use crate::scratch::Scratch;

/// The packages of one version that belong together.
#[derive(Debug, PartialEq, Eq)]
struct Packages {
    /// Of the compiler and what is built with it.
    version: String,
    /// The `std` of this machine; its name has the version of Rust.
    std: String,
    llvm: String,
    lld: String,
}

/// Unpacking takes seconds.
const LIMIT: Duration = Duration::from_secs(300);

/// Makes the toolchain and moves it into the cache, once it has compiled something.
pub(super) fn install(project: &Project) -> Result {
    for program in ["apt-get", "apt-cache", "dpkg-deb", "tar"] {
        if machine::in_path(program).is_none() {
            return Err(format!("no other way without Debian's packages: there is no {program}").into());
        }
    }
    let work = Work::new()?;
    let apt = Apt::open(Scratch::below(work.path(), "apt")?)?;
    let packages = Packages::choose(&apt)?;
    println!("Debian has rustc-web {} with {}", packages.version, packages.llvm);
    let folder = work.path().join(toolchain::FOLDER);
    let source = work.path().join("source");
    unpack(&apt, &packages, work.path(), &folder, &source)?;
    write_wrappers(project, &folder)?;
    install_libraries(project, &apt, &packages, &folder)?;
    let version = sysroot::version(project, &folder)?;
    link_linker(project, &folder, &version, &packages.lld)?;
    sysroot::build(project, &work, &folder, &source, &version)?;
    smoke::compile(project, &toolchain::rustc(&folder))?;
    work.keep(&folder, toolchain::FOLDER)
}

impl Packages {
    /// By the dependencies of the newest: versions that were superseded vanish from the mirrors.
    fn choose(apt: &Apt) -> Result<Self> {
        let version = apt.candidate("rustc-web")?;
        let wrong = |what| format!("rustc-web {version}: cannot tell its {what}");
        let development = apt.depends("libstd-rust-web-dev", &version)?;
        let std = numbered(&development, "libstd-rust-web-").ok_or_else(|| wrong("std"))?.to_owned();
        let needs = apt.depends(&std, &version)?;
        let llvm = numbered(&needs, "libllvm").ok_or_else(|| wrong("LLVM"))?.to_owned();
        let lld = linker(&llvm);
        Ok(Self { version, std, llvm, lld })
    }

    fn names(&self) -> Vec<String> {
        let versioned = ["rustc-web", "libstd-rust-web-dev", &self.std, "rust-web-clippy", SOURCE];
        let versioned = versioned.into_iter().map(|name| format!("{name}={}", self.version));
        versioned.chain([self.llvm.clone(), self.lld.clone()]).collect()
    }
}

/// The package with the source of `std`.
const SOURCE: &str = "rust-web-src";

/// The first name that begins so and goes on with a number.
fn numbered<'a>(names: &'a [String], start: &str) -> Option<&'a str> {
    let is_numbered = |name: &&String| {
        name.strip_prefix(start).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    };
    names.iter().find(is_numbered).map(String::as_str)
}

/// The package with the linker of an LLVM: `lld-22` for `libllvm22` or `libllvm22.1`.
fn linker(llvm: &str) -> String {
    let number = llvm.trim_start_matches(|c: char| !c.is_ascii_digit());
    format!("lld-{}", number.split('.').next().unwrap_or(number))
}

/// All packages into the toolchain, except the source: of that, only the library.
fn unpack(apt: &Apt, packages: &Packages, work: &Path, toolchain: &Path, source: &Path) -> Result {
    let folder = work.join("packages");
    for folder in [&folder, toolchain, source] {
        fs::create_dir_all(folder)?;
    }
    apt.download(&packages.names(), &folder)?;
    for entry in fs::read_dir(&folder)? {
        let package = entry?.path();
        if package.file_name().is_some_and(|name| name.to_string_lossy().starts_with(SOURCE)) {
            unpack_library(&package, source)?;
        } else {
            let mut command = Command::new("dpkg-deb");
            command.arg("-x").arg(&package).arg(toolchain);
            end_within(LIMIT, "dpkg-deb -x", command)?;
        }
    }
    fs::remove_dir_all(folder)?;
    Ok(fs::remove_dir_all(toolchain.join("usr/share"))?)
}

fn unpack_library(package: &Path, into: &Path) -> Result {
    let mut command = Command::new("dpkg-deb");
    command.arg("--fsys-tarfile").arg(package).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut archive = Running(command.spawn()?);
    let output = archive.0.stdout.take().ok_or("dpkg-deb has no output")?;
    let mut tar = Command::new("tar");
    tar.arg("-x").arg("-C").arg(into).args(["--wildcards", "./usr/src/*/library/*"]);
    tar.stdin(output).stdout(Stdio::null());
    let mut tar = Running(tar.spawn()?);
    if tar.0.wait()?.success() && archive.0.wait()?.success() {
        return Ok(());
    }
    Err(format!("{SOURCE} could not be unpacked").into())
}

/// The compiler finds its libraries by a variable, which nothing else is to see: programs of this name set it.
fn write_wrappers(project: &Project, toolchain: &Path) -> Result {
    let sh = project.shell();
    let folder = toolchain.join("bin");
    for program in ["rustc", "rustdoc", "clippy-driver", "cargo-clippy"] {
        let wrapper = folder.join(program);
        sh.write_file(&wrapper, WRAPPER.replace("PROGRAM", program))?;
        project.run(cmd!(sh, "chmod +x {wrapper}"))?;
    }
    Ok(())
}

const WRAPPER: &str = r#"#!/bin/sh
home=$(dirname "$(dirname "$(readlink -f "$0")")")
for libraries in "$home"/usr/lib/*-linux-gnu*; do
    LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "$home/usr/bin/PROGRAM" "$@"
"#;

/// What LLVM links to, where this machine does not have it.
fn install_libraries(project: &Project, apt: &Apt, packages: &Packages, toolchain: &Path) -> Result {
    let sh = project.shell();
    let rustc = toolchain::rustc(toolchain);
    if project.succeeds(cmd!(sh, "{rustc} -vV")) {
        return Ok(());
    }
    if !machine::can_install_packages() {
        return Err(format!("{} needs libraries that only root can install", packages.llvm).into());
    }
    let llvm = apt.candidate(&packages.llvm)?;
    let libraries = apt.depends(&packages.llvm, &llvm)?;
    apt.install(&libraries.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Puts the linker where this compiler looks for one.
fn link_linker(project: &Project, toolchain: &Path, version: &sysroot::Version, lld: &str) -> Result {
    let sh = project.shell();
    let folder = toolchain.join("usr/lib/rustlib").join(&version.host).join("bin");
    sh.create_dir(&folder)?;
    let llvm = lld.trim_start_matches("lld-");
    let (linker, link) = (format!("../../../llvm-{llvm}/bin/lld"), folder.join("rust-lld"));
    project.run(cmd!(sh, "ln -s {linker} {link}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_told_by_their_numbers() {
        let names = ["libstd-rust-web-dev", "libstd-rust-web-1.96", "libllvm-doc", "libllvm22"].map(str::to_owned);
        assert_eq!(numbered(&names, "libstd-rust-web-"), Some("libstd-rust-web-1.96"));
        assert_eq!(numbered(&names, "libllvm"), Some("libllvm22"));
        assert_eq!(numbered(&names, "lld-"), None);
        assert_eq!((linker("libllvm22").as_str(), linker("libllvm19.1").as_str()), ("lld-22", "lld-19"));
    }
}
