//! `cargo xtask loom`: the limiter's shared state in every interleaving of its threads.

use std::env;
use std::ffi::{OsStr, OsString};

use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;

/// The file of the tests; without it there is nothing to run.
const TESTS: &str = "crates/b24-limiter/tests/loom.rs";
/// Puts loom's mutex in the place of std's.
const CFG: &str = "--cfg b24_loom";

/// Runs the tests in a folder of their own below `target/`: built with other flags, they would throw away what every other
/// verb has built.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let sh = project.shell();
    if !sh.path_exists(TESTS) {
        return Ok(Outcome::Skipped(format!("there is no {TESTS}")));
    }
    let folder = project.target().join("loom");
    // Optimised: loom runs each test some thousand times.
    let tests = cmd!(sh, "cargo test -p b24-limiter --test loom --release --target-dir {folder}");
    project.run(tests.env("RUSTFLAGS", flags(env::var_os("RUSTFLAGS").as_deref())))?;
    Ok(Outcome::Done)
}

/// The caller's own flags stay.
fn flags(given: Option<&OsStr>) -> OsString {
    let mut flags = given.map(OsStr::to_owned).unwrap_or_default();
    if !flags.is_empty() {
        flags.push(" ");
    }
    flags.push(CFG);
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_caller_stay() {
        assert_eq!(flags(None), CFG);
        assert_eq!(flags(Some(OsStr::new(""))), CFG);
        assert_eq!(flags(Some(OsStr::new("-D warnings"))), "-D warnings --cfg b24_loom");
    }
}
