//! What a browser loads of `examples/frame-app`.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{exceeds, goal};
use crate::outcome::Result;
use crate::project::Project;
use crate::table::row;
use crate::tree;
use crate::wasm::{self, FrameApp};

const KIB: u64 = 1024;

/// After `wasm-opt -Oz`.
const MOST_OPTIMISED: u64 = 350 * KIB;
/// As wasm-bindgen wrote it, where there is no `wasm-opt`.
const MOST: u64 = 450 * KIB;
/// As it travels.
const MOST_GZIP: u64 = 160 * KIB;

/// The module of the application.
#[derive(Debug)]
struct Module {
    bytes: u64,
    gzip: u64,
    optimised: bool,
}

/// Builds it and measures; returns its rows of the table and the goals it missed.
///
/// Where it cannot be built for want of a toolchain, the row says that.
pub(super) fn rows(project: &Project) -> Result<(Vec<Vec<String>>, Vec<String>)> {
    let options = ["--target", wasm::TARGET];
    let crates = tree::crates(project, wasm::FRAME_APP, &options)?.len().to_string();
    match wasm::frame_app(project)? {
        Some(app) => {
            let module = Module::read(&app)?;
            Ok((module.rows(&crates), module.missed()))
        }
        None => Ok((vec![row([NAME, &crates, "-", "not built: see `cargo xtask wasm`", &at_most(MOST)])], Vec::new())),
    }
}

const NAME: &str = "frame app, wasm";

impl Module {
    fn read(app: &FrameApp) -> Result<Self> {
        let module = fs::read(app.module())?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&module)?;
        let (bytes, gzip) = (u64::try_from(module.len())?, u64::try_from(gzip.finish()?.len())?);
        Ok(Self { bytes, gzip, optimised: app.optimised })
    }

    /// What it is, how big it is and how big it may be.
    fn goals(&self) -> [(&'static str, u64, u64); 2] {
        let module = if self.optimised {
            ("frame app, wasm after `wasm-opt -Oz`", self.bytes, MOST_OPTIMISED)
        } else {
            ("frame app, wasm without `wasm-opt`", self.bytes, MOST)
        };
        [module, ("the same, gzip", self.gzip, MOST_GZIP)]
    }

    fn rows(&self, crates: &str) -> Vec<Vec<String>> {
        let rows = self.goals().into_iter().zip([crates, "-"]);
        let rows =
            rows.map(|((name, bytes, most), crates)| row([name, crates, "-", &kibibytes(bytes), &at_most(most)]));
        rows.collect()
    }

    fn missed(&self) -> Vec<String> {
        let goals = self.goals().into_iter();
        let missed = goals.filter(|(_, bytes, most)| exceeds(Some(*bytes), Some(*most)));
        missed.map(|(name, ..)| format!("{name}: too big")).collect()
    }
}

fn at_most(bytes: u64) -> String {
    goal(Some(kibibytes(bytes)))
}

/// `350 KiB`, `15.7 KiB`, rounded up in the last digit so that no size looks smaller than it is.
fn kibibytes(bytes: u64) -> String {
    let tenths = (bytes * 10).div_ceil(KIB);
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} KiB"),
        (whole, part) => format!("{whole}.{part} KiB"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_wasm_opt_the_goal_is_another() {
        for (bytes, gzip, optimised, want) in [
            (350 * KIB, 160 * KIB, true, 0),
            (350 * KIB + 1, 160 * KIB, true, 1),
            (350 * KIB + 1, 160 * KIB + 1, true, 2),
            (450 * KIB, 160 * KIB, false, 0),
            (450 * KIB + 1, 0, false, 1),
        ] {
            assert_eq!(Module { bytes, gzip, optimised }.missed().len(), want, "{bytes} {gzip} {optimised}");
        }
    }

    #[test]
    fn sizes_are_rounded_up() {
        for (bytes, want) in [(350 * KIB, "350 KiB"), (350 * KIB + 1, "350.1 KiB"), (16_002, "15.7 KiB")] {
            assert_eq!(kibibytes(bytes), want);
        }
    }
}
