//! Whether a compiler makes WebAssembly, as it shows by making some.

use std::fs;
use std::path::Path;

use xshell::{Cmd, cmd};

use super::TARGET;
use crate::outcome::Result;
use crate::project::Project;

/// Uses enough of `std` that a damaged one is noticed.
const SOURCE: &str = r#"
//! Uses std.
use std::collections::HashMap;
#[unsafe(no_mangle)]
pub extern "C" fn f(n: u32) -> usize {
    (0..n).map(|i| (i, format!("{i}"))).collect::<HashMap<_, _>>().values().map(String::len).sum()
}
"#;

/// What each module begins with.
const MAGIC: &[u8] = b"\0asm";

/// Compiles a small library with `rustc`.
///
/// # Errors
/// No module comes out, and this is what the compiler says.
pub(super) fn compile(project: &Project, rustc: &Path) -> Result {
    let folder = project.target().join("wasm").join("smoke");
    let sh = project.shell();
    let (source, module) = (folder.join("smoke.rs"), folder.join("smoke.wasm"));
    sh.write_file(&source, SOURCE)?;
    sh.remove_path(&module)?;
    let options = ["--edition", "2024", "--crate-type", "cdylib", "--target", TARGET, "-O"];
    silent(cmd!(sh, "{rustc} {options...} -o {module} {source}"))?;
    if fs::read(&module).is_ok_and(|module| module.starts_with(MAGIC)) {
        Ok(())
    } else {
        Err("the compiler ended well and made no module".into())
    }
}

/// Runs a command whose output matters only where it fails.
fn silent(command: Cmd<'_>) -> Result {
    let output = command.quiet().ignore_status().output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().find(|line| line.starts_with("error")).unwrap_or("it failed").to_owned().into())
}
