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

/// How big a module should be, and how big it may be: the goals are not met yet, and what is there must not grow unnoticed.
#[derive(Clone, Copy)]
struct Bound {
    goal: u64,
    most: u64,
}

/// After `wasm-opt -Oz`.
const OPTIMISED: Bound = Bound { goal: 350 * KIB, most: 490 * KIB };
/// As wasm-bindgen wrote it, where there is no `wasm-opt`.
const PLAIN: Bound = Bound { goal: 450 * KIB, most: 525 * KIB };
/// As it travels.
const GZIP: Bound = Bound { goal: 160 * KIB, most: 220 * KIB };

/// The module of an application.
#[derive(Debug)]
struct Module {
    name: &'static str,
    bytes: u64,
    gzip: u64,
    optimised: bool,
}

/// Builds the application, with the limiter and without, and measures; returns the rows of the table, and what has grown
/// too big.
///
/// Where it cannot be built for want of a toolchain, the row says that.
pub(super) fn rows(project: &Project) -> Result<(Vec<Vec<String>>, Vec<String>)> {
    let crates = |options: &[&str]| -> Result<String> {
        let options = [&["--target", wasm::TARGET], options].concat();
        Ok(tree::crates(project, wasm::FRAME_APP, &options)?.len().to_string())
    };
    let Some([app, without]) = wasm::frame_apps(project)? else {
        let missing = "not built: see `cargo xtask wasm`";
        return Ok((
            vec![row(["frame app", &crates(&[])?, "-", missing, &goal(Some(kibibytes(PLAIN.goal)))])],
            Vec::new(),
        ));
    };
    let app = Module::read("frame app", &app)?;
    let without = Module::read("frame app without limiter", &without)?;
    let mut rows = app.rows(&crates(&[])?);
    rows.extend(without.rows(&crates(&["--no-default-features"])?));
    Ok((rows, app.grown()))
}

impl Module {
    fn read(name: &'static str, app: &FrameApp) -> Result<Self> {
        let module = fs::read(app.module())?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&module)?;
        let (bytes, gzip) = (u64::try_from(module.len())?, u64::try_from(gzip.finish()?.len())?);
        Ok(Self { name, bytes, gzip, optimised: app.optimised })
    }

    /// What it is, how big it is, and its bounds.
    fn measures(&self) -> [(String, u64, Bound); 2] {
        let (how, bound) =
            if self.optimised { ("after `wasm-opt -Oz`", OPTIMISED) } else { ("without `wasm-opt`", PLAIN) };
        [(format!("{}, wasm {how}", self.name), self.bytes, bound), (format!("{}, gzip", self.name), self.gzip, GZIP)]
    }

    fn rows(&self, crates: &str) -> Vec<Vec<String>> {
        let rows = self.measures().into_iter().zip([crates, "-"]);
        rows.map(|((name, bytes, bound), crates)| row([&name, crates, "-", &kibibytes(bytes), &verdict(bytes, bound)]))
            .collect()
    }

    fn grown(&self) -> Vec<String> {
        let measures = self.measures().into_iter();
        let grown = measures.filter(|(_, bytes, bound)| exceeds(Some(*bytes), Some(bound.most)));
        grown.map(|(name, _, bound)| format!("{name}: larger than {}", kibibytes(bound.most))).collect()
    }
}

/// The goal, and by how much it is missed.
fn verdict(bytes: u64, bound: Bound) -> String {
    let goal = goal(Some(kibibytes(bound.goal)));
    match bytes.checked_sub(bound.goal) {
        None | Some(0) => goal,
        Some(over) => format!("{goal}; missed by {}", kibibytes(over)),
    }
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
    fn a_module_must_not_grow() {
        for (bytes, gzip, optimised, want) in [
            (OPTIMISED.most, GZIP.most, true, 0),
            (OPTIMISED.most + 1, GZIP.most, true, 1),
            (OPTIMISED.most + 1, GZIP.most + 1, true, 2),
            (PLAIN.most, GZIP.most, false, 0),
            (PLAIN.most + 1, 0, false, 1),
        ] {
            let module = Module { name: "app", bytes, gzip, optimised };
            assert_eq!(module.grown().len(), want, "{bytes} {gzip} {optimised}");
        }
    }

    #[test]
    fn a_goal_that_is_missed_is_said_to_be() {
        let bound = Bound { goal: 350 * KIB, most: 400 * KIB };
        assert_eq!(verdict(350 * KIB, bound), "at most 350 KiB");
        assert_eq!(verdict(360 * KIB, bound), "at most 350 KiB; missed by 10 KiB");
    }

    #[test]
    fn sizes_are_rounded_up() {
        for (bytes, want) in [(350 * KIB, "350 KiB"), (350 * KIB + 1, "350.1 KiB"), (16_002, "15.7 KiB")] {
            assert_eq!(kibibytes(bytes), want);
        }
    }
}
