//! Whether the files are still where they were: a file that has lost its name is lost with the process.

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// The files of an open inbox.
#[derive(Debug, Default)]
pub(super) struct Place(Vec<(PathBuf, Identity)>);

/// By which a file is known whatever its name: those of the device and of the file on it.
type Identity = (u64, u64);

impl Place {
    pub(super) fn of(files: impl IntoIterator<Item = PathBuf>) -> io::Result<Self> {
        files.into_iter().map(|path| identity(&path).map(|id| (path, id))).collect::<Result<_, _>>().map(Self)
    }

    /// # Errors
    /// One of them was deleted, moved or replaced. Where a system does not let that happen to open files, never.
    pub(super) fn check(&self) -> io::Result<()> {
        let is_there = |(path, id): &(PathBuf, Identity)| match identity(path) {
            Ok(found) => found == *id,
            // Of any other error nobody can tell.
            Err(error) => error.kind() != ErrorKind::NotFound,
        };
        if self.0.iter().all(is_there) {
            return Ok(());
        }
        Err(io::Error::new(ErrorKind::NotFound, "the files of the inbox were deleted, moved or replaced"))
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;

    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|_| (0, 0))
}
