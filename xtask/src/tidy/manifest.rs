//! Every dependency says why it is there.

use crate::tidy::finding::Finding;

/// Finds dependencies without a comment.
///
/// A comment stands on the dependency's line or above it; one comment covers the lines right
/// below it, up to an empty line, so that crates which belong together share one reason.
pub(crate) fn bare_dependencies(manifest: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_dependencies = false;
    let mut explained = false;
    let mut depth = 0;
    for (index, line) in manifest.lines().enumerate() {
        let (code, comment) = split_comment(line.trim());
        let inside_value = depth > 0;
        depth += nesting(code);
        if inside_value {
            // The inner lines of a list or table that began on a line above.
        } else if code.is_empty() {
            explained = comment.is_some();
        } else if let Some(header) = header(code) {
            let table = dependency_table(header);
            in_dependencies = table == Table::Dependencies;
            if table == Table::OneDependency && !explained && comment.is_none() {
                findings.push(bare(index, header));
            }
            depth = 0;
            explained = false;
        } else if in_dependencies && !explained && comment.is_none() {
            let name = code.split(['=', '.']).next().unwrap_or(code);
            findings.push(bare(index, name.trim()));
        }
    }
    findings
}

fn bare(index: usize, name: &str) -> Finding {
    Finding::at(index, format!("say in a comment why `{name}` is needed"))
}

#[derive(Debug, PartialEq, Eq)]
enum Table {
    /// `[dependencies]`, `[target.'cfg(..)'.dev-dependencies]`: a dependency a line.
    Dependencies,
    /// `[dependencies.serde]`: the header itself is the dependency.
    OneDependency,
    Other,
}

fn dependency_table(header: &str) -> Table {
    const NAMES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let is_table = |text: &str| {
        let last = text.rsplit('.').next().unwrap_or(text);
        NAMES.contains(&last)
    };
    match header.rsplit_once('.') {
        _ if is_table(header) => Table::Dependencies,
        Some((table, _)) if is_table(table) => Table::OneDependency,
        _ => Table::Other,
    }
}

fn header(code: &str) -> Option<&str> {
    code.strip_prefix('[')?.strip_suffix(']')
}

/// Splits a line at the `#` that begins a comment: one that is not inside quotes.
fn split_comment(line: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return (line[..at].trim_end(), Some(&line[at..])),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    (line, None)
}

/// How many more brackets a line opens than it closes. Brackets inside quotes come in pairs in
/// a manifest (`cfg(..)`, `pkg[feature]`), so they need no care.
fn nesting(code: &str) -> i32 {
    code.chars()
        .map(|c| match c {
            '[' | '{' => 1,
            ']' | '}' => -1,
            _ => 0,
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(manifest: &str) -> Vec<usize> {
        let findings = bare_dependencies(manifest);
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn a_comment_above_or_beside_is_a_reason() {
        let manifest = "\
[package]
name = \"x\"

[dependencies]
# Why.
http.workspace = true
bytes = \"1\"

serde = \"1\" # Why.
uuid = { version = \"1\", features = [\"v4\"] }
tower = \"0.5#\"
";
        assert_eq!(lines(manifest), [10, 11]);
    }

    #[test]
    fn every_kind_of_dependency_counts() {
        let manifest = "\
[dev-dependencies]
tokio = \"1\"

[target.'cfg(unix)'.build-dependencies]
cc = \"1\"

[dependencies.serde]
version = \"1\"

# Why.
[dependencies.url]
version = \"2\"

[features]
default = []
";
        assert_eq!(lines(manifest), [2, 5, 7]);
    }

    #[test]
    fn lines_inside_a_value_are_no_dependencies() {
        let manifest = "\
[dependencies]
# Why.
hyper-util = { workspace = true, features = [
    \"client-legacy\",

    \"http1\",
] }
rustls = \"1\"
";
        assert!(lines(manifest).is_empty());
    }
}
