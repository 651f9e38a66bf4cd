//! `cargo xtask wasm`: everything for the browser, built and run in one.

mod bindgen;
mod browser;
mod browser_tests;
mod cache;
mod checks;
mod frame_app;
mod lockfile;
mod optimiser;
mod smoke;

mod toolchain;

use clap::Args;

use self::bindgen::Bindgen;
pub(crate) use self::frame_app::FrameApp;
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
}

/// The compiler's name for a browser.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The package of the example application.
pub(crate) const FRAME_APP: &str = "frame-app";

/// The package of the application that does what the tests tell it.
const FRAME_PROBE: &str = "frame-probe";

/// Builds the example application; `None` where what it takes is not there.
pub(crate) fn frame_app(project: &Project) -> Result<Option<FrameApp>> {
    let (Some(toolchain), Some(_)) = (Toolchain::find(project)?, Bindgen::find(project)?) else {
        return Ok(None);
    };
    frame_app::build(project, &toolchain).map(Some)
}

/// Checks, builds and tests; what comes later also where something fails, as one run shows all that is wrong.
pub(crate) fn run(project: &Project, options: &Options) -> Result<Outcome> {
    let toolchain = Toolchain::require(project)?;
    if options.build {
        frame_app::build(project, &toolchain)?;
        return Ok(Outcome::Done);
    }
    let checks = checks::run(project, &toolchain);
    let app = frame_app::build(project, &toolchain);
    let tests = browser_tests::in_browser(project, &toolchain);
    let probe = frame_app::build_probe(project, &toolchain);
    let end_to_end = app.and_then(|app| browser_tests::end_to_end(project, &app, &probe?));
    checks.and(tests).and(end_to_end)?;
    Ok(Outcome::Done)
}
