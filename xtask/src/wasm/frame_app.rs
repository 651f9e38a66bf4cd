//! `examples/frame-app`, built as a folder that a web server can serve.

use std::fs;
use std::path::{Path, PathBuf};

use xshell::cmd;

use super::bindgen::Bindgen;
use super::optimiser::Optimiser;
use super::{FRAME_APP, TARGET, Toolchain, toolchain};
use crate::outcome::Result;
use crate::project::Project;

/// Trades speed for size.
const PROFILE: &str = "browser";

/// A built application.
#[derive(Debug)]
pub(crate) struct FrameApp {
    /// The page, its JavaScript and the module.
    pub(crate) folder: PathBuf,
    /// Whether the module went through `wasm-opt`.
    pub(crate) optimised: bool,
}

impl FrameApp {
    /// The module.
    pub(crate) fn module(&self) -> PathBuf {
        self.folder.join(format!("{FRAME_APP}_bg.wasm"))
    }
}

/// Builds it into `target/frame-app`, from nothing but its sources: no file of an earlier build stays.
pub(crate) fn build(project: &Project, toolchain: &Toolchain, bindgen: &Bindgen) -> Result<FrameApp> {
    project.run(toolchain.cargo(project, "build").args(["--profile", PROFILE, "-p", FRAME_APP]))?;
    let built = toolchain::build_folder(project).join(TARGET).join(PROFILE).join(FRAME_APP).with_extension("wasm");
    let folder = project.target().join(FRAME_APP);
    let sh = project.shell();
    sh.remove_path(&folder)?;
    let program = bindgen.program();
    project.run(cmd!(sh, "{program} --target web --no-typescript --out-dir {folder} {built}"))?;
    copy_page(&project.root().join("examples").join(FRAME_APP), &folder)?;
    let optimiser = Optimiser::find(project);
    let app = FrameApp { folder, optimised: optimiser.is_some() };
    match optimiser {
        Some(optimiser) => optimiser.run(project, &app.module())?,
        None => println!("no wasm-opt: the module stays as wasm-bindgen wrote it"),
    }
    println!("{FRAME_APP}: {} bytes of wasm in {}", fs::metadata(app.module())?.len(), app.folder.display());
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
