//! A folder for what is half done.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
        Self::inside(cache::folder()?)
    }

    fn inside(cache: PathBuf) -> Result<Self> {
        sweep(&cache);
        let folder = Scratch::below(&cache, NAME)?;
        Ok(Self { cache, folder })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Moves what is done into the cache, in the place of what was there and did not work.
    ///
    /// Others may do the same meanwhile: there is always the whole of one, and it is that of the last.
    pub(super) fn keep(&self, done: &Path, name: &str) -> Result {
        let place = self.cache.join(name);
        let mut n = 0;
        loop {
            // It goes with this folder. Where there is nothing, there is nothing to move.
            let _ = fs::rename(&place, self.path().join(format!("replaced-{n}")));
            match fs::rename(done, &place) {
                Err(_) if place.exists() && n < MOST => n += 1,
                result => return Ok(result?),
            }
        }
    }
}

const NAME: &str = "work";

/// How often another may come before this one.
const MOST: u32 = 100;

/// A folder of this age was left by a run that was killed: none takes so long.
const LEFT: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes what was left. What cannot be removed stays: it is only in the way of the disk.
fn sweep(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        let is_work = entry.file_name().to_string_lossy().starts_with(&format!("{NAME}-"));
        let changed = entry.metadata().and_then(|data| data.modified()).ok();
        let age = changed.and_then(|changed| changed.elapsed().ok());
        if is_work && age.is_some_and(|age| age > LEFT) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn done(work: &Work) -> PathBuf {
        let done = work.path().join("done");
        fs::create_dir_all(done.join("bin")).unwrap();
        fs::write(done.join("bin/rustc"), "whole").unwrap();
        done
    }

    #[test]
    fn several_that_are_done_at_once_leave_one_whole() {
        let cache = Scratch::temporary("b24-xtask-cache").unwrap();
        fs::create_dir_all(cache.path().join("toolchain/broken")).unwrap();
        thread::scope(|scope| {
            let runs: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let work = Work::inside(cache.path().to_owned()).unwrap();
                        work.keep(&done(&work), "toolchain").unwrap();
                    })
                })
                .collect();
            runs.into_iter().for_each(|run| run.join().unwrap());
        });
        let names: Vec<_> = fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["toolchain"]);
        assert_eq!(fs::read_to_string(cache.path().join("toolchain/bin/rustc")).unwrap(), "whole");
        assert!(!cache.path().join("toolchain/broken").exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_run_has_left_goes_after_a_day() {
        let cache = Scratch::temporary("b24-xtask-cache").unwrap();
        for name in ["work-7-0", "work-8-0", "toolchain"] {
            let folder = cache.path().join(name);
            fs::create_dir(&folder).unwrap();
            let changed = fs::metadata(&folder).unwrap().modified().unwrap();
            if name != "work-8-0" {
                fs::File::open(folder).unwrap().set_modified(changed - 2 * LEFT).unwrap();
            }
        }
        sweep(cache.path());
        let mut names: Vec<_> = fs::read_dir(cache.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["toolchain", "work-8-0"]);
    }
}
