//! The README states the oldest compiler that the manifest states.

use crate::tidy::files::TextFile;

/// Compares every version of Rust that README.md names with `rust-version`.
pub(crate) fn check(files: &[TextFile]) -> Vec<String> {
    let text = |path: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.map_or("", |file| file.text.as_str())
    };
    let Some(version) = rust_version(text("Cargo.toml")) else {
        return vec!["Cargo.toml: set `rust-version` in [workspace.package]".to_owned()];
    };
    let named = versions(text("README.md"));
    if named.is_empty() {
        return vec![format!("README.md: state the oldest compiler: `Rust {version}`")];
    }
    let wrong = named.into_iter().filter(|(_, name)| *name != version);
    wrong.map(|(line, name)| format!("README.md:{line}: Rust {name} is named, but rust-version is {version}")).collect()
}

fn rust_version(manifest: &str) -> Option<&str> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version"))?;
    line.split('"').nth(1)
}

/// Every `1.x` that follows "rust" or "MSRV" closely, with its line: in prose and in badges.
fn versions(readme: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (index, line) in readme.lines().enumerate() {
        for (at, _) in line.match_indices("1.") {
            let before = line[..at].trim_end_matches([' ', '-', ':', '_', '*', '`', '(']);
            let before = before.to_ascii_lowercase();
            let digits = line[at + 2..].bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 && (before.ends_with("rust") || before.ends_with("msrv")) {
                found.push((index + 1, &line[at..at + 2 + digits]));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_readme(readme: &str) -> usize {
        let file = |path: &str, text: &str| TextFile { path: path.into(), text: text.into() };
        check(&[file("Cargo.toml", "[workspace.package]\nrust-version = \"1.85\"\n"), file("README.md", readme)]).len()
    }

    #[test]
    fn readme_and_manifest_agree() {
        for (readme, want) in [
            ("Needs Rust 1.85 or newer.", 0),
            ("![MSRV](https://img.example/msrv-1.85-blue) Rust **1.85**", 0),
            ("Needs Rust 1.80.\nMSRV: 1.85", 1),
            ("Version 1.70 of something else.", 1),
            ("", 1),
        ] {
            assert_eq!(check_readme(readme), want, "{readme}");
        }
    }
}
