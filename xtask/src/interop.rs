//! `cargo xtask interop`: the official JavaScript SDK and `b24` ask the same of one portal.

use std::path::Path;

use xshell::cmd;

use crate::embedded_portal::EmbeddedPortal;
use crate::js_sdk::JsSdk;
use crate::outcome::{Outcome, Result};
use crate::project::Project;

/// Starts a portal with TLS, and lets Node compare.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    match JsSdk::install(project)? {
        JsSdk::Installed(folder) => {
            compare(project, &folder)?;
            compare_operations(project, &folder)?;
        }
        JsSdk::Absent(why) => return Ok(Outcome::Skipped(why)),
    }
    Ok(Outcome::Done)
}

fn compare(project: &Project, folder: &Path) -> Result {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build -p b24-cli"))?;
    let b24 = project.target().join("debug/b24");
    let tls = folder.join("tls");
    sh.create_dir(&tls)?;
    let portal = EmbeddedPortal::start(cmd!(sh, "{b24} portal --tls {tls} --port 0 --seed 7 --rows 60"))?;
    let ca = tls.join("ca.pem");
    let script = folder.join("compare.mjs");
    sh.write_file(&script, include_str!("../interop/compare.mjs"))?;
    let command = cmd!(sh, "node {script} {b24} {ca}")
        .env("B24_HOOK", portal.hook_url())
        .env("NODE_EXTRA_CA_CERTS", &ca)
        // Where a proxy is set, the SDK would send even a loopback call through it.
        .env("NO_PROXY", "*");
    project.run(command)
}

/// Calls, batches, lists and errors of all kinds; both clients through one recording portal each.
fn compare_operations(project: &Project, folder: &Path) -> Result {
    let sh = project.shell();
    project.run(cmd!(sh, "cargo build -p b24-tests --bin interop"))?;
    let script = folder.join("operations.mjs");
    sh.write_file(&script, include_str!("../interop/operations.mjs"))?;
    let (interop, b24) = (project.target().join("debug/interop"), project.target().join("debug/b24"));
    project.run(cmd!(sh, "{interop} {script} {b24}"))
}
