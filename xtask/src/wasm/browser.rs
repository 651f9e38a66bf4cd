//! The browser of the tests: Chromium, through chromedriver.

use std::env;
use std::path::PathBuf;

use crate::machine;
use crate::outcome::Result;

/// Names the driver; wasm-bindgen's test runner reads it too.
pub(super) const VARIABLE: &str = "CHROMEDRIVER";

/// The driver of the environment, else that of the PATH.
pub(super) fn find() -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).filter(|driver| !driver.is_empty()).map(PathBuf::from);
    named.or_else(|| machine::in_path("chromedriver"))
}

/// Finds the driver.
///
/// # Errors
/// There is none, and this is how to get one.
pub(super) fn require() -> Result<PathBuf> {
    find().ok_or_else(|| {
        "no chromedriver: install Chromium and its driver (Debian: `chromium-driver`; as root `cargo xtask setup --wasm` \
         does), or let CHROMEDRIVER name it"
            .into()
    })
}
