//! `cargo xtask docs`: API docs without warnings, Markdown pages without dead relative links.

mod links;

use std::fs;
use std::path::{Path, PathBuf};

use xshell::cmd;

use crate::outcome::{Outcome, Result};
use crate::project::Project;

/// Checks the pages first: they take no time.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let dead = dead_links(project.root())?;
    for problem in &dead {
        eprintln!("{problem}");
    }
    let sh = project.shell();
    // Libraries only: docs in a program's arguments are help texts, and the program `b24` would
    // overwrite the pages of the library `b24`.
    let documentation = cmd!(sh, "cargo doc --workspace --lib --no-deps --all-features");
    project.run(documentation.env("RUSTDOCFLAGS", "-D warnings"))?;
    if dead.is_empty() {
        Ok(Outcome::Done)
    } else {
        Err(format!("{} dead link(s) in Markdown pages, see above", dead.len()).into())
    }
}

/// The READMEs of the crates are not here: they are crate docs, and rustdoc checks their links.
fn dead_links(root: &Path) -> Result<Vec<String>> {
    let mut pages = Vec::new();
    collect(root, false, &mut pages)?;
    for folder in ["docs", "examples"] {
        collect(&root.join(folder), true, &mut pages)?;
    }
    let mut problems = Vec::new();
    for page in pages {
        let folder = page.parent().unwrap_or(root);
        let text = fs::read_to_string(&page)?;
        let shown = page.strip_prefix(root).unwrap_or(&page).display();
        for (line, target) in links::dead(&text, |target| folder.join(target).exists()) {
            problems.push(format!("{shown}:{line}: there is no `{target}`"));
        }
    }
    Ok(problems)
}

fn collect(folder: &Path, deep: bool, pages: &mut Vec<PathBuf>) -> Result {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && deep {
            collect(&path, deep, pages)?;
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}
