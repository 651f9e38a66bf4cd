//! The tests that run in a browser.

use std::path::Path;

use xshell::cmd;

use super::Toolchain;
use super::bindgen::Bindgen;
use super::browser;
use super::frame_app::FrameApp;
use crate::embedded_portal::EmbeddedPortal;
use crate::outcome::Result;
use crate::project::Project;
use crate::scratch::Scratch;

/// Seconds for one test, and for the driver's start. The runner's own 20 and 5 are tight on a busy machine.
const TIMEOUTS: [(&str, &str); 2] = [("WASM_BINDGEN_TEST_TIMEOUT", "120"), ("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")];

/// What it takes to run tests that are compiled to wasm32: those of `tests/browser`.
#[derive(Debug)]
pub(super) struct Inside<'a> {
    pub(super) toolchain: &'a Toolchain,
    pub(super) bindgen: &'a Bindgen,
    pub(super) driver: &'a Path,
}

impl Inside<'_> {
    /// Runs those that cargo selects by `options`, beside a portal.
    ///
    /// They find it by a variable that is read while they compile, as a browser has no environment.
    pub(super) fn run(&self, project: &Project, options: &[&str]) -> Result {
        let portal = portal(project)?;
        // The browser leaves its profile behind.
        let profiles = Scratch::temporary("b24-browser")?;
        let command = self
            .toolchain
            .cargo(project, "test")
            .args(["-p", "b24-browser-tests"])
            .args(options)
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", self.bindgen.test_runner())
            .env(browser::VARIABLE, self.driver)
            .env("B24_BROWSER_TEST_PORTAL", portal.hook_url())
            .env("TMPDIR", profiles.path())
            .envs(TIMEOUTS);
        project.run(command)
    }
}

/// Tests that drive the browser from outside: `tests/tests/frame_in_browser`.
pub(super) fn outside(project: &Project, app: &FrameApp, probe: &FrameApp, driver: &Path) -> Result {
    let sh = project.shell();
    // The same features as in `cargo xtask test`, or all would be built anew.
    let command = cmd!(sh, "cargo test --workspace --all-features --test frame_in_browser")
        .env("B24_TEST_BROWSER", driver)
        .env("B24_FRAME_APP", &app.folder)
        .env("B24_FRAME_PROBE", &probe.folder);
    project.run(command)
}

fn portal(project: &Project) -> Result<EmbeddedPortal> {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build -p b24-cli"))?;
    let b24 = project.target().join("debug/b24");
    EmbeddedPortal::start(cmd!(sh, "{b24} portal --port 0 --no-limits --seed 7 --rows 60"))
}
