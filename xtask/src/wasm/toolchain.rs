//! A compiler that knows wasm32: found, never fetched here.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};

use xshell::{Cmd, cmd};

use super::{TARGET, cache, paths, smoke};
use crate::outcome::Result;
use crate::project::Project;

/// Names the folder of a toolchain.
const VARIABLE: &str = "B24_WASM_TOOLCHAIN";

/// How to get one; said wherever one is missing.
const HINT: &str = "no toolchain for wasm32-unknown-unknown: `rustup target add wasm32-unknown-unknown` adds it; \
     `cargo xtask setup --wasm` also gets it on Debian without rustup; \
     B24_WASM_TOOLCHAIN names the folder of one (`bin/rustc`)";

/// A compiler with the `std` of wasm32, as a smoke compile has shown.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The one that `cargo` uses anyway.
    Active,
    /// The one of a folder: `bin/rustc`, and `bin/cargo-clippy` where it has clippy. The `cargo` is the active one.
    Folder(PathBuf),
}

impl Toolchain {
    /// The active one, the one of `B24_WASM_TOOLCHAIN`, the one of the cache, in this order.
    ///
    /// # Errors
    /// The variable names one that does not work: whoever set it wants to know.
    pub(crate) fn find(project: &Project) -> Result<Option<Self>> {
        if smoke::compile(project, &active()).is_ok() {
            return Ok(Some(Self::Active));
        }
        if let Some(folder) = env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) {
            let folder = std::path::absolute(folder)?;
            return match smoke::compile(project, &rustc(&folder)) {
                Ok(()) => Ok(Some(Self::Folder(folder))),
                Err(error) => Err(format!("{VARIABLE}={}: {error}", folder.display()).into()),
            };
        }
        // Without a home there is no cache, and so nothing in it.
        let Ok(folder) = cache::folder().map(|cache| cache.join(FOLDER)) else {
            return Ok(None);
        };
        Ok(smoke::compile(project, &rustc(&folder)).is_ok().then_some(Self::Folder(folder)))
    }

    /// Finds one.
    ///
    /// # Errors
    /// There is none, and this is how to get one.
    pub(crate) fn require(project: &Project) -> Result<Self> {
        let toolchain = Self::find(project)?.ok_or(HINT)?;
        println!("for {TARGET}: {toolchain}");
        Ok(toolchain)
    }

    /// `cargo VERB` for wasm32, in a target folder of its own: with another compiler, the two would throw away each
    /// other's builds of proc macros.
    pub(super) fn cargo<'a>(&self, project: &'a Project, verb: &str) -> Cmd<'a> {
        let sh = project.shell();
        let folder = build_folder(project);
        let options = ["--target", TARGET, "--target-dir"];
        let command = match self {
            Self::Active => cmd!(sh, "cargo {verb} {options...} {folder}"),
            Self::Folder(toolchain) => {
                let clippy = toolchain.join("bin").join("cargo-clippy");
                // Clippy is the compiler, too: it must be the one that made this `std`.
                let program = if verb == "clippy" { clippy } else { PathBuf::from("cargo") };
                cmd!(sh, "{program} {verb} {options...} {folder}").env("RUSTC", rustc(toolchain))
            }
        };
        command.env("CARGO_ENCODED_RUSTFLAGS", paths::encoded_flags())
    }

    /// `clippy`, or `check` where this toolchain has none.
    pub(super) fn lint_verb(&self, project: &Project) -> &'static str {
        let sh = project.shell();
        let there = match self {
            Self::Active => project.succeeds(cmd!(sh, "cargo clippy --version")),
            Self::Folder(folder) => folder.join("bin").join("cargo-clippy").is_file(),
        };
        if there { "clippy" } else { "check" }
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("the active toolchain"),
            Self::Folder(folder) => write!(f, "the toolchain in {}", folder.display()),
        }
    }
}

/// The toolchain in the cache.
pub(super) const FOLDER: &str = "toolchain";

/// Where cargo builds for wasm32.
pub(super) fn build_folder(project: &Project) -> PathBuf {
    project.target().join("wasm")
}

/// The compiler in the folder of a toolchain.
pub(super) fn rustc(toolchain: &Path) -> PathBuf {
    toolchain.join("bin").join("rustc")
}

/// The compiler that cargo takes when nobody tells it another.
fn active() -> PathBuf {
    env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from)
}
