//! `cargo xtask setup --wasm`: gets what `cargo xtask wasm` needs, on a machine that has nothing of it.

mod binaryen;
mod bindgen;
mod browser;
mod debian;
mod rustup;
mod settings;
mod sysroot;
mod work;

use super::bindgen::Bindgen;
use super::optimiser::Optimiser;
use super::{TARGET, Toolchain};
use crate::clock::{self, Human};
use crate::machine;
use crate::outcome::Result;
use crate::project::Project;

/// Gets what is missing, leaves what is there alone, and says how long each part took.
pub(crate) fn run(project: &Project) -> Result {
    part(&format!("a toolchain for {TARGET}"), || match Toolchain::find(project)? {
        Some(_) => Ok(Part::There),
        None => toolchain(project),
    })?;
    part("wasm-bindgen-cli", || match Bindgen::find(project)? {
        Some(_) => Ok(Part::There),
        None => bindgen::install(project),
    })?;
    part("Chromium with its driver", || match super::browser::find() {
        Some(_) => Ok(Part::There),
        None => browser::install(),
    })?;
    // Only the size of the example depends on it.
    part("wasm-opt", || match Optimiser::find(project) {
        Some(_) => Ok(Part::There),
        None => binaryen::install(project),
    })
}

/// How a part came to be.
enum Part {
    There,
    Installed,
    /// For this reason; and it can be done without.
    Without(String),
}

fn part(name: &str, get: impl FnOnce() -> Result<Part>) -> Result {
    let start = clock::now();
    match get().map_err(|error| format!("{name}: {error}"))? {
        Part::There => println!("{name} is installed"),
        Part::Installed => println!("{name} was installed in {}", Human(start.elapsed())),
        Part::Without(why) => println!("{name} is not installed: {why}"),
    }
    Ok(())
}

/// By rustup; where that fails, by Debian's packages.
fn toolchain(project: &Project) -> Result<Part> {
    if machine::is_offline() {
        return Err("B24_OFFLINE is set".into());
    }
    match rustup::add_target(project) {
        Ok(()) if matches!(Toolchain::find(project)?, Some(Toolchain::Active)) => return Ok(Part::Installed),
        Ok(()) => println!("rustup has added the target, and the active compiler does not have it"),
        Err(error) => println!("rustup does not have it: {error}"),
    }
    debian::install(project)?;
    Ok(Part::Installed)
}
