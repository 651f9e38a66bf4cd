//! A folder for what is half done.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::cache;
use crate::outcome::Result;
use crate::scratch::Scratch;

/// A folder in the cache, so that what is done can be moved to its place at once.
#[derive(Debug)]
pub(super) struct Work {
    cache: PathBuf,
    folder: Scratch,
}

impl Work {
    pub(super) fn new() -> Result<Self> {
        let cache = cache::folder()?;
        let folder = Scratch::below(&cache, "work")?;
        Ok(Self { cache, folder })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
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
