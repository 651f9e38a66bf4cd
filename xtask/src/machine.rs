//! What this machine has.

use std::env;
use std::fs;
use std::path::PathBuf;

/// The program of this name that the PATH leads to.
pub(crate) fn in_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let name = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path).map(|folder| folder.join(&name)).find(|program| program.is_file())
}

/// Whether packages of Debian can be installed here.
pub(crate) fn can_install_packages() -> bool {
    cfg!(target_os = "linux") && is_root() && in_path("apt-get").is_some()
}

/// Whether the person or the machine that runs this wants no download.
pub(crate) fn is_offline() -> bool {
    env::var_os("B24_OFFLINE").is_some()
}

#[cfg(unix)]
fn is_root() -> bool {
    // The owner of this process, as Linux shows it.
    fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0)
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
