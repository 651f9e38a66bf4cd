//! The binaries of PostgreSQL: found, or installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::apt::Apt;
use crate::machine;
use crate::outcome::Result;
use crate::scratch::Scratch;

/// Where Debian and its kin keep them, a folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Debian starts a server of its own with the package, unless it reads this while it installs.
const NO_CLUSTER: (&str, &str) =
    ("/etc/postgresql-common/createcluster.d/b24-xtask.conf", "create_main_cluster = false\n");

/// The folder with `initdb`, `postgres` and `pg_ctl`: one of the PATH, or Debian's newest.
pub(super) fn find() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // A link in the PATH leads to the folder with all of them.
    let linked = env::split_paths(&path).filter_map(|folder| fs::canonicalize(folder.join("initdb")).ok());
    let in_path = linked.filter_map(|program| program.parent().map(Path::to_owned));
    in_path.chain(debian(Path::new(DEBIAN))).find(|folder| is_complete(folder))
}

/// Installs Debian's package.
pub(super) fn install() -> Result<PathBuf> {
    if !machine::can_install_packages() {
        return Err("no binaries of it, and no way to install them (root with apt-get)".into());
    }
    if machine::is_offline() {
        return Err("no binaries of it, and B24_OFFLINE is set".into());
    }
    println!("PostgreSQL is not there: installing Debian's package `postgresql`, without a server of Debian's own");
    let (file, text) = NO_CLUSTER;
    if let Some(folder) = Path::new(file).parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, text)?;
    let apt = Scratch::temporary("b24-apt").and_then(Apt::open);
    let done = apt.and_then(|apt| apt.install(&["postgresql"]));
    fs::remove_file(file)?;
    done?;
    find().ok_or_else(|| "the package was installed, and has no binaries".into())
}

fn debian(root: &Path) -> Vec<PathBuf> {
    let versions = fs::read_dir(root).into_iter().flatten().filter_map(|entry| {
        let entry = entry.ok()?;
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    let mut versions: Vec<_> = versions.collect();
    versions.sort();
    versions.into_iter().rev().map(|(_, folder)| folder).collect()
}

fn is_complete(folder: &Path) -> bool {
    ["initdb", "postgres", "pg_ctl"].iter().all(|name| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_comes_first() {
        let root = env::temp_dir().join(format!("b24-xtask-binaries-{}", std::process::id()));
        for version in ["9", "15", "common", "14"] {
            fs::create_dir_all(root.join(version).join("bin")).unwrap();
        }
        let found = debian(&root);
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, ["15", "14", "9"].map(|version| root.join(version).join("bin")));
        assert!(debian(Path::new("no/such/folder")).is_empty());
        assert!(!is_complete(&root));
    }
}
