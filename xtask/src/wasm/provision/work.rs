//! A folder for what is half done.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::cache;
use crate::outcome::Result;

/// A new folder in the cache, so that what is done can be moved to its place at once. It goes with this value.
#[derive(Debug)]
pub(super) struct Work {
    cache: PathBuf,
    folder: PathBuf,
}

impl Work {
    pub(super) fn new() -> Result<Self> {
        let cache = cache::folder()?;
        let folder = cache.join(format!("work-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Self { cache, folder })
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Moves what is done into the cache, in the place of what was there and did not work.
    pub(super) fn keep(&self, done: &Path, name: &str) -> Result {
        let place = self.cache.join(name);
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        Ok(fs::rename(done, place)?)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            eprintln!("{} stays: {error}", self.folder.display());
        }
    }
}
