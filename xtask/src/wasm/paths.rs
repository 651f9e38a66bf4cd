//! Places of this machine that a compiler writes into what it builds.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// What a module shows in place of a folder of dependencies.
const SHOWN: &str = "/deps";

/// The caller's options of the compiler, and those that keep places of this machine out of a module: panics name the file
/// they are in, and so a module told everybody who opens it who built it, and where.
///
/// In the form of `CARGO_ENCODED_RUSTFLAGS`: a folder may have a blank in its name.
pub(super) fn encoded_flags() -> String {
    let callers = callers(|name| env::var(name).ok());
    let remapped = dependencies().map_or_else(Vec::new, |folder| remapped(&folder, &inside(&folder)));
    [callers, remapped].concat().join("\u{1f}")
}

/// Where cargo unpacks dependencies: a folder for each registry.
pub(super) fn dependencies() -> Option<PathBuf> {
    let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cargo = folder("CARGO_HOME").or_else(|| folder("HOME").map(|home| home.join(".cargo")))?;
    Some(cargo.join("registry").join("src"))
}

/// Those of the environment, as cargo itself would take them.
fn callers(variable: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let flags = match variable("CARGO_ENCODED_RUSTFLAGS") {
        Some(encoded) => encoded.split('\u{1f}').map(str::to_owned).collect(),
        None => variable("RUSTFLAGS").unwrap_or_default().split(' ').map(|flag| flag.trim().to_owned()).collect(),
    };
    Vec::into_iter(flags).filter(|flag| !flag.is_empty()).collect()
}

/// The folders in a folder, in the same order each time: with other options all would be built anew.
fn inside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut folders: Vec<_> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    folders.sort();
    folders
}

/// Of options that fit, the compiler takes the last. So the name of a registry goes too, where it is known.
fn remapped(all: &Path, registries: &[PathBuf]) -> Vec<String> {
    let folders = std::iter::once(all).chain(registries.iter().map(PathBuf::as_path));
    folders.map(|folder| format!("--remap-path-prefix={}={SHOWN}", folder.display())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callers_options_stay() {
        for (set, want) in [
            (&[("RUSTFLAGS", "-D warnings ")][..], &["-D", "warnings"][..]),
            (&[("CARGO_ENCODED_RUSTFLAGS", "--cfg\u{1f}a b"), ("RUSTFLAGS", "-O")], &["--cfg", "a b"]),
            (&[("CARGO_ENCODED_RUSTFLAGS", "")], &[]),
            (&[], &[]),
        ] {
            let found = callers(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()));
            assert_eq!(found, want);
        }
    }

    #[test]
    fn a_registry_is_remapped_after_the_folder_of_all() {
        let flags = remapped(Path::new("/c/registry/src"), &[PathBuf::from("/c/registry/src/mirror-1")]);
        let want = ["--remap-path-prefix=/c/registry/src=/deps", "--remap-path-prefix=/c/registry/src/mirror-1=/deps"];
        assert_eq!(flags, want);
    }
}
