//! Every crate has a README, and a library shows it as its crate docs.

use crate::tidy::files::TextFile;

/// Checks each folder of `crates/`.
pub(crate) fn check(files: &[TextFile]) -> Vec<String> {
    let mut problems = Vec::new();
    for file in files {
        let Some(name) = crate_name(&file.path) else {
            continue;
        };
        let readme = find(files, &format!("crates/{name}/README.md"));
        if readme.is_none_or(|readme| readme.text.lines().count() <= 1) {
            problems.push(format!("crates/{name}: write its README.md"));
        }
        let library = find(files, &format!("crates/{name}/src/lib.rs"));
        if library.is_some_and(|library| !library.text.contains(INCLUDED)) {
            problems.push(format!(
                "crates/{name}/src/lib.rs:1: begin with `#![doc = {INCLUDED}]`, so that the README's code is tested"
            ));
        }
    }
    problems
}

const INCLUDED: &str = "include_str!(\"../README.md\")";

/// The name of the crate whose manifest `path` is.
fn crate_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
    (!name.contains('/')).then_some(name)
}

fn find<'a>(files: &'a [TextFile], path: &str) -> Option<&'a TextFile> {
    files.iter().find(|file| file.path == path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> TextFile {
        TextFile { path: path.into(), text: text.into() }
    }

    #[test]
    fn a_library_includes_its_readme() {
        let files = [
            file("crates/good/Cargo.toml", ""),
            file("crates/good/README.md", "# good\n\nDoes good.\n"),
            file("crates/good/src/lib.rs", &format!("#![doc = {INCLUDED}]\n")),
            file("crates/bare/Cargo.toml", ""),
            file("crates/bare/README.md", "# bare\n"),
            file("crates/bare/src/lib.rs", "//! Bare.\n"),
            file("crates/tool/Cargo.toml", ""),
            file("crates/tool/README.md", "# tool\n\nA program.\n"),
            file("crates/tool/src/main.rs", "//! A program.\n"),
        ];
        let problems = check(&files);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems.iter().all(|problem| problem.starts_with("crates/bare")));
    }
}
