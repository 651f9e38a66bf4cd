//! Where what was provisioned is kept, for all checkouts of this user.

use std::env;
use std::path::PathBuf;

use crate::outcome::Result;

/// Names the folder.
const VARIABLE: &str = "B24_WASM_DIR";

/// `$B24_WASM_DIR`, else `b24-wasm` in the user's cache. It may not exist yet.
pub(super) fn folder() -> Result<PathBuf> {
    let folder = choose(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from));
    let folder = folder.ok_or_else(|| format!("there is no HOME: set {VARIABLE} to a folder"))?;
    // Commands run in the root of the checkout, whatever the caller's folder is.
    Ok(std::path::absolute(folder)?)
}

fn choose(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let caches = || variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    variable(VARIABLE).or_else(|| caches().map(|caches| caches.join("b24-wasm")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_variable_wins() {
        for (set, want) in [
            (&[(VARIABLE, "w"), ("XDG_CACHE_HOME", "x"), ("HOME", "h")][..], Some("w")),
            (&[("XDG_CACHE_HOME", "x"), ("HOME", "h")], Some("x/b24-wasm")),
            (&[("HOME", "h")], Some("h/.cache/b24-wasm")),
            (&[], None),
        ] {
            let found = choose(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)));
            assert_eq!(found, want.map(PathBuf::from));
        }
    }
}
