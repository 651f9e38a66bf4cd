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

/// How big a module may be.
#[derive(Clone, Copy)]
struct Bounds {
    /// As wasm-bindgen wrote it.
    plain: u64,
    /// After `wasm-opt -Oz`.
    optimised: u64,
    /// As it travels.
    gzip: u64,
}

const GOALS: Bounds = Bounds { plain: 450 * KIB, optimised: 350 * KIB, gzip: 160 * KIB };

/// With the limiter the application misses two of the goals, and must not grow unnoticed.
const WITH_LIMITER: Bounds = Bounds { plain: 450 * KIB, optimised: 400 * KIB, gzip: 180 * KIB };

/// A module, and how big it may be.
struct Module {
    name: &'static str,
    plain: u64,
    optimised: Option<u64>,
    gzip: u64,
    most: Bounds,
}

/// One size of a module.
struct Measure {
    name: String,
    bytes: u64,
    goal: u64,
    most: u64,
}

/// Builds the application, without the limiter and with it, and measures; returns the rows of the table, and what is too
/// big.
///
/// Where it cannot be built for want of a toolchain, the row says that.
pub(super) fn rows(project: &Project) -> Result<(Vec<Vec<String>>, Vec<String>)> {
    let crates = |options: &[&str]| -> Result<String> {
        let options = [&["--target", wasm::TARGET], options].concat();
        Ok(tree::crates(project, wasm::FRAME_APP, &options)?.len().to_string())
    };
    let Some([app, limited]) = wasm::frame_apps(project)? else {
        let missing = "not built: see `cargo xtask wasm`";
        let goal = goal(Some(kibibytes(GOALS.plain)));
        return Ok((vec![row(["frame app", &crates(&[])?, "-", missing, &goal])], Vec::new()));
    };
    let app = Module::read("frame app", &app, GOALS)?;
    let limited = Module::read("frame app with limiter", &limited, WITH_LIMITER)?;
    let mut rows = app.rows(&crates(&[])?);
    rows.extend(limited.rows(&crates(&["--features", "limiter"])?));
    Ok((rows, [app.too_big(), limited.too_big()].concat()))
}

impl Module {
    fn read(name: &'static str, app: &FrameApp, most: Bounds) -> Result<Self> {
        let module = fs::read(&app.module)?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&module)?;
        let gzip = u64::try_from(gzip.finish()?.len())?;
        let optimised = if app.optimised { Some(u64::try_from(module.len())?) } else { None };
        Ok(Self { name, plain: app.plain_bytes, optimised, gzip, most })
    }

    /// What it is, how big it is, and how big it may be.
    fn measures(&self) -> Vec<Measure> {
        let measure =
            |what: &str, bytes, goal, most| Measure { name: format!("{}, {what}", self.name), bytes, goal, most };
        let plain = measure("wasm without `wasm-opt`", self.plain, GOALS.plain, self.most.plain);
        let optimised = self
            .optimised
            .map(|bytes| measure("wasm after `wasm-opt -Oz`", bytes, GOALS.optimised, self.most.optimised));
        let gzip = measure("gzip", self.gzip, GOALS.gzip, self.most.gzip);
        [Some(plain), optimised, Some(gzip)].into_iter().flatten().collect()
    }

    fn rows(&self, crates: &str) -> Vec<Vec<String>> {
        let crates = std::iter::once(crates).chain(std::iter::repeat("-"));
        let rows = self.measures().into_iter().zip(crates);
        rows.map(|(measure, crates)| row([&measure.name, crates, "-", &kibibytes(measure.bytes), &measure.verdict()]))
            .collect()
    }

    fn too_big(&self) -> Vec<String> {
        let measures = self.measures().into_iter();
        let too_big = measures.filter(|measure| exceeds(Some(measure.bytes), Some(measure.most)));
        too_big.map(|measure| format!("{}: larger than {}", measure.name, kibibytes(measure.most))).collect()
    }
}

impl Measure {
    /// The goal, and by how much it is missed.
    fn verdict(&self) -> String {
        let goal = goal(Some(kibibytes(self.goal)));
        match self.bytes.checked_sub(self.goal) {
            None | Some(0) => goal,
            Some(over) => format!("{goal}; missed by {}", kibibytes(over)),
        }
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
    fn a_module_must_not_be_bigger_than_its_bounds() {
        let Bounds { plain, optimised, gzip } = GOALS;
        for (plain, optimised, gzip, want) in [
            (plain, Some(optimised), gzip, 0),
            (plain + 1, Some(optimised), gzip, 1),
            (plain, Some(optimised + 1), gzip + 1, 2),
            (plain, None, gzip, 0),
            (plain + 1, None, gzip + 1, 2),
        ] {
            let module = Module { name: "app", plain, optimised, gzip, most: GOALS };
            assert_eq!(module.too_big().len(), want, "{plain} {optimised:?} {gzip}");
        }
    }

    #[test]
    fn a_goal_that_is_missed_is_said_to_be() {
        let measure = |bytes| Measure { name: "app".to_owned(), bytes, goal: 350 * KIB, most: 400 * KIB };
        assert_eq!(measure(350 * KIB).verdict(), "at most 350 KiB");
        assert_eq!(measure(360 * KIB).verdict(), "at most 350 KiB; missed by 10 KiB");
    }

    #[test]
    fn sizes_are_rounded_up() {
        for (bytes, want) in [(350 * KIB, "350 KiB"), (350 * KIB + 1, "350.1 KiB"), (16_002, "15.7 KiB")] {
            assert_eq!(kibibytes(bytes), want);
        }
    }
}
