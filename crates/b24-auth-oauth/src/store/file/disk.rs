//! Files read and replaced, each as a whole. Everything here blocks.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use crate::store::{StoreError, StoreErrorKind};

/// More than any record has.
const LIMIT: u64 = 1 << 20;

/// What a path leads to: a link is followed, also to where nothing is yet.
pub(super) fn follow(path: &Path) -> Result<PathBuf, StoreError> {
    let mut path = path.to_owned();
    // As many links as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(_) if is_a_stranger_s(&path) => {
                return Err(StoreError::failed("a link of somebody else's, in a folder where all may write"));
            }
            // A path that is absolute replaces the folder.
            Ok(to) => path = folder_of(&path).join(to),
            // No link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(StoreError::failed("a link that leads to itself"))
}

/// Whether a link may have been put there by anybody: it would lead the tokens into a folder of theirs. Linux has such a
/// rule for who lets it follow links (`fs.protected_symlinks`).
#[cfg(unix)]
fn is_a_stranger_s(link: &Path) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let (Ok(link), Ok(folder)) = (fs::symlink_metadata(link), fs::metadata(folder_of(link))) else { return true };
    let open_to_all = folder.permissions().mode() & 0o002 != 0;
    // Who we are is what a file of ours would say; a link of root's is nobody's trap.
    open_to_all && link.uid() != folder.uid() && link.uid() != 0 && !is_mine(link.uid())
}

/// Whether files that this process makes belong to that user.
#[cfg(unix)]
fn is_mine(user: u32) -> bool {
    use std::os::unix::fs::MetadataExt;

    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == user)
}

#[cfg(not(unix))]
fn is_a_stranger_s(_: &Path) -> bool {
    false
}

/// The file `.<name><suffix>` in the folder of `path`.
pub(super) fn beside(path: &Path, suffix: &str) -> Result<PathBuf, StoreError> {
    let name = path.file_name().ok_or_else(|| StoreError::failed("the path has no name of a file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(suffix);
    Ok(path.with_file_name(hidden))
}

/// Makes a folder, and those above it, that only this user may enter. One that is there stays as it is.
pub(super) fn make_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed(path))
}

/// Opens the file of a lock. It is empty, and stays.
pub(super) fn open_lock(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    match options.open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        opened => return opened.map_err(failed(path)),
    }
    private(&mut options);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            keep_owner(folder_of(path), &file).map_err(failed(path))?;
            Ok(file)
        }
        // Somebody else was first.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => options.open(path).map_err(failed(path)),
        Err(error) => Err(failed(path)(error)),
    }
}

/// Reads a file that its owner alone may read; `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    // Opening what is no file can wait for ever.
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(StoreError::new(StoreErrorKind::Corrupt)),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path)(error)),
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path)(error)),
    };
    #[cfg(unix)]
    check_mode(&file.metadata().map_err(failed(path))?)?;
    let mut text = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut text).map_err(failed(path))?;
    if text.len() as u64 > LIMIT { Err(StoreError::new(StoreErrorKind::Corrupt)) } else { Ok(Some(text)) }
}

/// Replaces a file, or makes it: a reader finds the old text or the new one, and so does who comes after a power cut.
///
/// Only one at a time may do so for one path: the name of the temporary file is always the same, so that one which was
/// left behind by a killed process is found and removed.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<(), StoreError> {
    let draft = draft_of(path)?;
    let done = write_new(&draft, path, text).and_then(|()| fs::rename(&draft, path));
    if let Err(error) = done {
        // It holds tokens. The error that counts is the first.
        let _ = remove_if_there(&draft);
        return Err(failed(path)(error));
    }
    sync(folder_of(path)).map_err(failed(path))
}

/// Removes a file, and a temporary one beside it.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    remove_if_there(&draft_of(path)?).map_err(failed(path))?;
    remove_if_there(path).map_err(failed(path))?;
    sync(folder_of(path)).map_err(failed(path))
}

/// Says which file it was. Errors of the system hold nothing of what is in a file.
pub(super) fn failed(path: &Path) -> impl Fn(io::Error) -> StoreError + '_ {
    move |error| StoreError::failed(io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

fn draft_of(path: &Path) -> Result<PathBuf, StoreError> {
    beside(path, ".tmp")
}

fn write_new(draft: &Path, old: &Path, text: &[u8]) -> io::Result<()> {
    remove_if_there(draft)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    let mut file = options.open(draft)?;
    keep_owner(if old.exists() { old } else { folder_of(old) }, &file)?;
    file.write_all(text)?;
    file.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

#[cfg(unix)]
fn check_mode(found: &fs::Metadata) -> Result<(), StoreError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions());
    if mode & 0o077 == 0 { Ok(()) } else { Err(StoreError::new(StoreErrorKind::Permissions)) }
}

/// Root may work with the files of a service: the service has to be able to use them afterwards.
#[cfg(unix)]
fn keep_owner(like: &Path, new: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};

    let (owner, mine) = (fs::metadata(like)?, new.metadata()?.uid());
    // Others cannot give files away, and have files of their own in a folder that many share.
    if mine != 0 || owner.uid() == mine { Ok(()) } else { fchown(new, Some(owner.uid()), Some(owner.gid())) }
}

#[cfg(not(unix))]
fn keep_owner(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}

/// The new name of a file is durable only with its folder.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems have nothing to sync in a folder, and say so.
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        done => done,
    }
}

#[cfg(not(unix))]
fn sync(_: &Path) -> io::Result<()> {
    Ok(())
}
