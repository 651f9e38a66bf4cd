//! Chromium and chromedriver, by Debian's packages.

use super::super::browser::find;
use super::Part;
use crate::apt::Apt;
use crate::machine;
use crate::outcome::Result;
use crate::scratch::Scratch;

/// Installs both in the same version.
pub(super) fn install() -> Result<Part> {
    if !machine::can_install_packages() {
        return Err("it is not there, and there is no way to install it (root with apt-get)".into());
    }
    Apt::open(Scratch::temporary("b24-apt")?)?.install(&["chromium", "chromium-driver"])?;
    find().map(|_| Part::Installed).ok_or_else(|| "the packages were installed, and have no chromedriver".into())
}
