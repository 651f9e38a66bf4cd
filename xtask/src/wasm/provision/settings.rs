//! What a caller has set for code of their own.

use std::env;

use xshell::Cmd;

/// Takes the caller's settings of cargo and the compiler out of a command's environment: they are not for the code of
/// others. Which toolchain rustup takes stays theirs.
pub(super) fn removed(mut command: Cmd<'_>) -> Cmd<'_> {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_setting) {
            command = command.env_remove(name);
        }
    }
    command
}

fn is_setting(name: &str) -> bool {
    let families = ["RUST", "CARGO_BUILD_", "CARGO_ENCODED_", "CARGO_PROFILE_", "CARGO_TARGET_"];
    families.iter().any(|start| name.starts_with(start)) && !name.starts_with("RUSTUP_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_settings_and_places_are_not() {
        for name in ["RUSTFLAGS", "RUSTC_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR", "CARGO_ENCODED_RUSTFLAGS"]
        {
            assert!(is_setting(name), "{name}");
        }
        for name in ["PATH", "HOME", "CARGO_HOME", "CARGO_HTTP_PROXY", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            assert!(!is_setting(name), "{name}");
        }
    }
}
