//! Applications for the portal's frame, each built as a folder that a web server can serve: `examples/frame-app`, and
//! the one that does what the tests tell it.

use std::fs;
use std::path::{Path, PathBuf};

use xshell::cmd;

use super::bindgen::Bindgen;
use super::optimiser::Optimiser;
use super::{FRAME_APP, FRAME_PROBE, TARGET, Toolchain, toolchain};
use crate::outcome::Result;
use crate::project::Project;

/// Trades speed for size.
const PROFILE: &str = "browser";

/// A built application.
#[derive(Debug)]
pub(crate) struct FrameApp {
    /// The page, its JavaScript and the module.
    pub(crate) folder: PathBuf,
    pub(crate) module: PathBuf,
    /// How big the module was when wasm-bindgen had written it.
    pub(crate) plain_bytes: u64,
    /// Whether it went through `wasm-opt` then.
    pub(crate) optimised: bool,
}

/// What can be built.
struct Program {
    package: &'static str,
    /// The folder of the workspace that the package is in.
    place: &'static str,
    /// The folder of `target` that it goes into.
    into: &'static str,
    /// For cargo.
    options: &'static [&'static str],
}

/// Builds the example into `target/frame-app`.
pub(crate) fn build(project: &Project, toolchain: &Toolchain, bindgen: &Bindgen) -> Result<FrameApp> {
    let example = Program { package: FRAME_APP, place: "examples", into: FRAME_APP, options: &[] };
    build_program(project, toolchain, bindgen, &example)
}

/// Builds the example with the limiter, to see what that costs.
pub(super) fn build_with_limiter(project: &Project, toolchain: &Toolchain, bindgen: &Bindgen) -> Result<FrameApp> {
    let options = &["--features", "limiter"];
    let example = Program { package: FRAME_APP, place: "examples", into: "frame-app-with-limiter", options };
    build_program(project, toolchain, bindgen, &example)
}

/// Builds the application of the tests into `target/frame-probe`.
pub(super) fn build_probe(project: &Project, toolchain: &Toolchain, bindgen: &Bindgen) -> Result<FrameApp> {
    let probe = Program { package: FRAME_PROBE, place: "tests", into: FRAME_PROBE, options: &[] };
    build_program(project, toolchain, bindgen, &probe)
}

/// Builds a program from nothing but its sources: no file of an earlier build stays.
fn build_program(project: &Project, toolchain: &Toolchain, bindgen: &Bindgen, program: &Program) -> Result<FrameApp> {
    let Program { package, place, into, options } = *program;
    project.run(toolchain.cargo(project, "build").args(["--profile", PROFILE, "-p", package]).args(options))?;
    let built = toolchain::build_folder(project).join(TARGET).join(PROFILE).join(package).with_extension("wasm");
    let folder = project.target().join(into);
    let sh = project.shell();
    sh.remove_path(&folder)?;
    let bindgen = bindgen.program();
    project.run(cmd!(sh, "{bindgen} --target web --no-typescript --out-dir {folder} {built}"))?;
    copy_page(&project.root().join(place).join(package), &folder)?;
    let optimiser = Optimiser::find(project);
    let module = folder.join(format!("{package}_bg.wasm"));
    let plain_bytes = fs::metadata(&module)?.len();
    let app = FrameApp { folder, module, plain_bytes, optimised: optimiser.is_some() };
    match optimiser {
        Some(optimiser) => optimiser.run(project, &app.module)?,
        None => println!("no wasm-opt: the module stays as wasm-bindgen wrote it"),
    }
    println!("{package}: {} bytes of wasm in {}", fs::metadata(&app.module)?.len(), app.folder.display());
    Ok(app)
}

/// What the page needs beside its module.
fn copy_page(from: &Path, to: &Path) -> Result {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let is_page = path.extension().is_some_and(|extension| extension == "html" || extension == "css");
        if let Some(name) = path.file_name().filter(|_| is_page) {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
