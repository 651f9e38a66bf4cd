//! `cargo xtask tidy`: the house rules as code. Each rule is a pure function with tests.

mod crates;
mod files;
mod finding;
mod manifest;
mod msrv;
mod paths;
mod rust;

use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::tidy::files::TextFile;
use crate::tidy::finding::Finding;

/// Reads every text file of the checkout and reports each broken rule with its place.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let files = files::read(project.root())?;
    let mut problems = Vec::new();
    for file in &files {
        let findings = check(file).into_iter();
        problems.extend(findings.map(|finding| finding.in_file(&file.path)));
    }
    problems.extend(crates::check(&files));
    problems.extend(msrv::check(&files));
    warn_of_long_files(&files);

    for problem in &problems {
        eprintln!("{problem}");
    }
    if problems.is_empty() {
        println!("tidy: {} files keep the house rules", files.len());
        Ok(Outcome::Done)
    } else {
        Err(format!("tidy: {} problem(s), see above", problems.len()).into())
    }
}

/// The rules that one file can break on its own.
fn check(file: &TextFile) -> Vec<Finding> {
    let text = file.text.as_str();
    let mut findings = paths::machine_paths(text);
    if file.path.ends_with(".rs") {
        findings.extend(rust::check(text));
    }
    if file.path.ends_with(".md") {
        findings.extend(rust::ignored_doctests(text));
    }
    if file.path.ends_with("Cargo.toml") && file.path != "Cargo.toml" {
        findings.extend(manifest::bare_dependencies(text));
    }
    findings
}

/// Past this many lines a file probably holds a second concept.
const LONG: usize = 400;

/// Only a warning: a table of facts may be long.
fn warn_of_long_files(files: &[TextFile]) {
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let lines = file.text.lines().count();
        if lines > LONG {
            println!("warning: {}: {lines} lines; look for the second concept", file.path);
        }
    }
}
