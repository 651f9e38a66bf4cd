//! No file names a place that exists on one machine only.

use crate::tidy::finding::Finding;

/// Spelled without the slash, so that this file keeps its own rule.
const MACHINE_FOLDERS: [&str; 3] = ["work", "root", "home"];

/// Finds absolute paths into folders that every machine fills differently.
pub(crate) fn machine_paths(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for folder in MACHINE_FOLDERS {
            let path = format!("/{folder}");
            if line.match_indices(&path).any(|(at, _)| is_absolute(line, at, path.len())) {
                findings.push(Finding::at(
                    index,
                    format!("`{path}` is a path of one machine; make it relative to the repository"),
                ));
            }
        }
    }
    findings
}

/// Whether the match at `at` is a whole first component: not part of a longer path, an address
/// (`example.com/home`) or a longer word.
fn is_absolute(line: &str, at: usize, length: usize) -> bool {
    let before = line[..at].chars().next_back();
    let after = line[at + length..].chars().next();
    let part_of_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    let continues = |c: char| part_of_word(c) || matches!(c, '.' | '/' | '~' | '}' | ')' | ']' | '>' | '*');
    !before.is_some_and(continues) && !after.is_some_and(part_of_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_paths_into_machine_folders_count() {
        for folder in MACHINE_FOLDERS {
            for (text, want) in [
                (format!("/{folder}/main"), 1),
                (format!("cd \"/{folder}\""), 1),
                (format!("PATH=/bin:/{folder}/bin"), 1),
                (format!("https://example.com/{folder}/"), 0),
                (format!("../{folder}/x"), 0),
                (format!("$HOME/{folder}/x"), 0),
                (format!(".github/{folder}flows"), 0),
                (format!("/{folder}shop"), 0),
            ] {
                assert_eq!(machine_paths(&text).len(), want, "{text}");
            }
        }
    }
}
