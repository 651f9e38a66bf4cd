//! `cargo xtask fuzz`: any bytes as deliveries, for as long as there is time.

use std::time::Duration;

use clap::Args;
use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::process;
use crate::project::Project;

/// How long to look.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// For how many seconds
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
}

/// The one program in `fuzz/`.
const TARGET: &str = "decode";

/// Counts each branch and shows the fuzzer what is compared: what cargo-fuzz passes, without its sanitizers, which would need
/// a nightly compiler. All of it is stable.
const INSTRUMENTED: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing";

/// What CI does: shows that the program builds, and that what is fed to it first breaks nothing.
pub(crate) fn run_briefly(project: &Project) -> Result<Outcome> {
    match require_compiler(project) {
        Ok(()) => run(project, &Options { seconds: 15 }),
        Err(why) => Ok(Outcome::Skipped(why.to_string())),
    }
}

/// Builds the program and runs it. What it has learnt is kept below `target/`, and so is a body that it found to fail.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let sh = project.shell();
    require_compiler(project)?;
    let version = project.read(cmd!(sh, "rustc -vV"))?;
    let host = host(&version)?;
    let folder = project.target().join("fuzz");
    // `--target` keeps the flags from build scripts and macros, which run while this compiles.
    let build = cmd!(
        sh,
        "cargo build --release --locked --manifest-path fuzz/Cargo.toml --bin {TARGET} --target {host} --target-dir {folder}"
    );
    project.run(build.env("RUSTFLAGS", INSTRUMENTED))?;

    let (program, corpus) = (folder.join(host).join("release").join(TARGET), folder.join("corpus").join(TARGET));
    sh.create_dir(&corpus)?;
    let seconds = options.seconds.to_string();
    let found = format!("-artifact_prefix={}/{TARGET}-", folder.display());
    let search = cmd!(sh, "{program} {corpus} fuzz/seeds/{TARGET} -dict=fuzz/{TARGET}.dict {found}")
        .arg(format!("-max_total_time={seconds}"))
        .args(["-max_len=4096", "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1"]);
    process::run_within(Duration::from_secs(u64::from(options.seconds) + GRACE), search)?;
    Ok(Outcome::Done)
}

/// Seconds to read what earlier runs have learnt, and for the last body.
const GRACE: u64 = 120;

/// The fuzzer is a library of C++ that is compiled with the program.
fn require_compiler(project: &Project) -> Result {
    let sh = project.shell();
    let compiler = sh.var("CXX").unwrap_or_else(|_| "c++".to_owned());
    if project.succeeds(cmd!(sh, "{compiler} --version")) {
        return Ok(());
    }
    Err(format!("there is no C++ compiler `{compiler}`; Debian has one in the package `g++`").into())
}

/// The platform of this machine, as `rustc -vV` tells it.
fn host(version: &str) -> Result<&str> {
    Ok(version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("`rustc -vV` names no host")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_read_from_the_version() {
        let version = "rustc 1.95.0\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.95.0\n";
        assert_eq!(host(version).unwrap(), "x86_64-unknown-linux-gnu");
        assert!(host("rustc 1.95.0").is_err());
    }
}
