//! `cargo xtask wasm`: everything for the browser, built and run in one.

mod bindgen;
mod browser;
mod browser_tests;
mod cache;
mod checks;
mod frame_app;
mod lockfile;
mod optimiser;
mod paths;
mod provision;
mod smoke;
mod toolchain;

use clap::Args;

use self::bindgen::Bindgen;
pub(crate) use self::frame_app::FrameApp;
pub(crate) use self::provision::run as provision;
use self::toolchain::Toolchain;
use crate::outcome::{Outcome, Result};
use crate::project::Project;

/// How much of it.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Build the example application of the frame into `target/frame-app`, and nothing else
    ///
    /// `b24 portal --frame-app target/frame-app` serves it.
    #[arg(long)]
    build: bool,
    /// Run the tests of `tests/browser/tests/NAME.rs`, and nothing else
    #[arg(long, value_name = "NAME", conflicts_with = "build")]
    test: Option<String>,
}

/// The compiler's name for a browser.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The package of the example application.
pub(crate) const FRAME_APP: &str = "frame-app";

/// The package of the application that does what the tests tell it.
const FRAME_PROBE: &str = "frame-probe";

/// Builds the example application without the limiter and with it; `None` where what it takes is not there.
pub(crate) fn frame_apps(project: &Project) -> Result<Option<[FrameApp; 2]>> {
    let (Some(toolchain), Some(bindgen)) = (Toolchain::find(project)?, Bindgen::find(project)?) else {
        return Ok(None);
    };
    let app = frame_app::build(project, &toolchain, &bindgen)?;
    Ok(Some([app, frame_app::build_with_limiter(project, &toolchain, &bindgen)?]))
}

/// Looks for all that is needed before it does anything. Then it checks, builds and tests; what comes later also where
/// something fails, as one run shows all that is wrong.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let toolchain = Toolchain::require(project)?;
    let bindgen = Bindgen::require(project)?;
    if options.build {
        frame_app::build(project, &toolchain, &bindgen)?;
        return Ok(Outcome::Done);
    }
    let driver = browser::require()?;
    let inside = browser_tests::Inside { toolchain: &toolchain, bindgen: &bindgen, driver: &driver };
    if let Some(name) = &options.test {
        inside.run(project, &["--test", name])?;
        return Ok(Outcome::Done);
    }
    let checks = checks::run(project, &toolchain);
    let tests = inside.run(project, &["--tests", "--no-fail-fast"]);
    let app = frame_app::build(project, &toolchain, &bindgen);
    let probe = frame_app::build_probe(project, &toolchain, &bindgen);
    let outside = app.and_then(|app| browser_tests::outside(project, &app, &probe?, &driver));
    checks.and(tests).and(outside)?;
    Ok(Outcome::Done)
}
