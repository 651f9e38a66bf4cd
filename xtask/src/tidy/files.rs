//! The text files of the checkout.

use std::fs;
use std::path::Path;

use crate::outcome::Result;

/// A file and its text.
#[derive(Debug)]
pub(crate) struct TextFile {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
}

/// What `.gitignore` names, and git's own folder.
const LEFT_OUT: [&str; 3] = ["target", "node_modules", ".git"];

/// Reads every text file below `root`, in the order of names.
///
/// The folder is walked instead of asking git: a new file is held to the rules before it is
/// added, and an exported source tree has no git.
pub(crate) fn read(root: &Path) -> Result<Vec<TextFile>> {
    let mut files = Vec::new();
    walk(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<TextFile>) -> Result {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() {
            // A file that is not UTF-8 is not text, and no rule speaks about it.
            if let Ok(text) = String::from_utf8(fs::read(entry.path())?) {
                files.push(TextFile { path, text });
            }
        }
    }
    Ok(())
}
