//! The tests that run in a browser.

use xshell::cmd;

use super::Toolchain;
use super::bindgen::Bindgen;
use super::browser;
use super::frame_app::FrameApp;
use crate::embedded_portal::EmbeddedPortal;
use crate::outcome::Result;
use crate::project::Project;

/// Seconds for one test, and for the driver's start. The runner's own 20 and 5 are tight on a busy machine.
const TIMEOUTS: [(&str, &str); 2] = [("WASM_BINDGEN_TEST_TIMEOUT", "120"), ("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "60")];

/// Tests that are compiled to wasm32: `tests/browser`.
///
/// They find the portal by a variable that is read while they compile, as a browser has no environment.
pub(super) fn in_browser(project: &Project, toolchain: &Toolchain) -> Result {
    let bindgen = Bindgen::require(project)?;
    let driver = browser::require()?;
    let portal = portal(project)?;
    let command = toolchain
        .cargo(project, "test")
        .args(["-p", "b24-browser-tests", "--tests", "--no-fail-fast"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", bindgen.test_runner())
        .env(browser::VARIABLE, driver)
        .env("B24_BROWSER_TEST_PORTAL", portal.hook_url())
        .envs(TIMEOUTS);
    project.run(command)
}

/// Tests that drive the browser from outside: `tests/tests/frame_in_browser`.
pub(super) fn end_to_end(project: &Project, app: &FrameApp, probe: &FrameApp) -> Result {
    let driver = browser::require()?;
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
