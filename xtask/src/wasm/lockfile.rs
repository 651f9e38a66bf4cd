//! Which version of a crate the workspace builds with.

use std::fs;

use crate::outcome::Result;
use crate::project::Project;

/// The version of `package` in Cargo.lock.
pub(super) fn version(project: &Project, package: &str) -> Result<String> {
    let lock = fs::read_to_string(project.root().join("Cargo.lock"))?;
    let version = find(&lock, package).ok_or_else(|| format!("Cargo.lock names no {package}"))?;
    Ok(version.to_owned())
}

/// A package is `name = "x"`, and on the next line `version = "1.2.3"`.
fn find<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_found_by_its_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"0.2.1\"\n\n[[package]]\n\
                    name = \"wasm-bindgen\"\nversion = \"0.2.129\"\nsource = \"x\"\n";
        assert_eq!(find(lock, "wasm-bindgen"), Some("0.2.129"));
        assert_eq!(find(lock, "wasm"), None);
        assert_eq!(find("name = \"wasm\"", "wasm"), None);
    }
}
