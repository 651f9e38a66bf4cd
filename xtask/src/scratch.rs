//! Folders that go when nobody needs them any more.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::outcome::Result;

/// A folder of this process; it goes with this value, and with it all that is in it.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// One below `parent`, on the same disk.
    pub(crate) fn below(parent: &Path, name: &str) -> Result<Self> {
        let folder = parent.join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self(folder))
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
}
