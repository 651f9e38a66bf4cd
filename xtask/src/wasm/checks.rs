//! The crates that promise wasm32, linted for it.

use super::{FRAME_APP, FRAME_PROBE, Toolchain};
use crate::outcome::Result;
use crate::project::Project;

/// Libraries, each with the features that it has in a browser, on top of none.
const LIBRARIES: [(&str, &[&str]); 12] = [
    ("b24-core", &[]),
    ("b24-timer", &[]),
    ("b24-auth-frame", &[]),
    ("b24-auth-hook", &[]),
    ("b24-auth-hook", &["expose-secret-in-browser"]),
    ("b24-transport", &[]),
    ("b24-transport", &["http-client"]),
    ("b24-limiter", &[]),
    ("b24-client", &[]),
    ("b24", &["hook", "limiter", "transport"]),
    ("b24", &["frame", "transport"]),
    ("b24", &["expose-secret-in-browser", "limiter", "transport"]),
];

/// What runs in a browser and is not published: the example, and what the tests need.
const PROGRAMS: [&str; 3] = [FRAME_APP, FRAME_PROBE, "b24-browser-tests"];

/// Each library alone, as cargo would give it the features that others ask for.
pub(super) fn run(project: &Project, toolchain: &Toolchain) -> Result {
    let verb = toolchain.lint_verb(project);
    let deny: &[&str] = if verb == "clippy" { &["--", "-D", "warnings"] } else { &[] };
    for (package, features) in LIBRARIES {
        let features = features.iter().flat_map(|feature| ["--features", *feature]);
        let lint = toolchain.cargo(project, verb).args(["--lib", "-p", package, "--no-default-features"]);
        project.run(lint.args(features).args(deny))?;
    }
    for package in PROGRAMS {
        project.run(toolchain.cargo(project, verb).args(["--all-targets", "-p", package]).args(deny))?;
    }
    Ok(())
}
