//! Folders that go when nobody needs them any more.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::outcome::Result;

/// A folder of this process; it goes with this value, and with it all that is in it.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// One below `parent`, on the same disk. It is new, and nobody else's: a process of the same number may have left one
    /// behind, and a folder that waits for a root with a known name is a trap.
    pub(crate) fn below(parent: &Path, name: &str) -> Result<Self> {
        fs::create_dir_all(parent)?;
        let process = std::process::id();
        for n in 0..=MOST {
            let folder = parent.join(format!("{name}-{process}-{n}"));
            match create_private(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("{}: {error}", folder.display()).into()),
            }
        }
        Err(format!("{} is full of {name}-{process}-*", parent.display()).into())
    }

    /// One where the system keeps such folders.
    pub(crate) fn temporary(name: &str) -> Result<Self> {
        Self::below(&env::temp_dir(), name)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{} stays: {error}", self.0.display());
        }
    }
}

/// How many that others have left are passed over.
const MOST: u32 = 1000;

fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_it_stays() {
        let scratch = Scratch::temporary("b24-xtask-scratch").unwrap();
        let folder = scratch.path().to_owned();
        fs::create_dir_all(folder.join("a/b")).unwrap();
        drop(scratch);
        assert!(!folder.exists());
    }
    #[test]
    fn each_is_new_and_of_nobody_else() {
        let parent = Scratch::temporary("b24-xtask-scratch").unwrap();
        let left = Scratch::below(parent.path(), "work").unwrap();
        fs::write(left.path().join("half"), "done").unwrap();
        let next = Scratch::below(parent.path(), "work").unwrap();
        assert!(next.path() != left.path() && fs::read_dir(next.path()).unwrap().next().is_none());
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(next.path()).unwrap().permissions());
            assert_eq!(mode & 0o077, 0, "{mode:o}");
        }
    }
}
