//! Rules for Rust sources.

use crate::tidy::finding::Finding;

/// All rules for one Rust file.
pub(crate) fn check(text: &str) -> Vec<Finding> {
    let mut findings = missing_module_docs(text);
    findings.extend(ignored_doctests(text));
    findings.extend(unfinished_code(text));
    findings.extend(silent_ignores(text));
    findings
}

/// A file begins by saying what it is for.
fn missing_module_docs(text: &str) -> Vec<Finding> {
    let head = text.lines().map(str::trim_start).find(|line| !line.is_empty());
    let documented = head.is_some_and(|line| line.starts_with("//!") || line.starts_with("#![doc = include_str!("));
    if documented {
        return Vec::new();
    }
    vec![Finding::at(0, "begin the file with `//!` docs that say what it is for")]
}

/// A doctest that is not compiled is wrong sooner or later. Also used for Markdown, where the
/// fence begins the line instead of a doc comment.
pub(crate) fn ignored_doctests(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let line = line.strip_prefix("///").or(line.strip_prefix("//!")).unwrap_or(line);
        let Some(info) = line.trim_start().strip_prefix("```") else {
            continue;
        };
        if info.split(',').any(|word| word.trim().starts_with("ignore")) {
            findings.push(Finding::at(
                index,
                "let the example compile: `no_run` for the network, `text` for what is no Rust",
            ));
        }
    }
    findings
}

/// Spelled in two halves, so that this file keeps its own rule.
const UNFINISHED: [&str; 3] = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("db", "g!(")];

/// Clippy finds these in compiled code; here doc examples and other platforms count too.
fn unfinished_code(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for word in UNFINISHED.iter().filter(|word| line.contains(**word)) {
            let name = word.trim_end_matches('(');
            findings.push(Finding::at(index, format!("finish this before it is committed: `{name}`")));
        }
    }
    findings
}

/// A test that is left out says why.
fn silent_ignores(text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let silent = line.starts_with("#[ignore]") || (line.starts_with("#[cfg_attr(") && line.contains(", ignore)"));
        if silent {
            findings.push(Finding::at(index, "say why the test is left out: `#[ignore = \"reason\"]`"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_begins_with_its_docs() {
        for (text, want) in [
            ("//! Says it.\n", 0),
            ("\n//! Says it.\n", 0),
            ("#![doc = include_str!(\"../README.md\")]\n", 0),
            ("use std::fmt;\n//! too late\n", 1),
            ("// A comment.\n", 1),
            ("", 1),
        ] {
            assert_eq!(missing_module_docs(text).len(), want, "{text:?}");
        }
    }

    #[test]
    fn doctests_are_compiled() {
        for (text, want) in [
            ("/// ```ignore", 1),
            ("    //! ```rust,ignore", 1),
            ("```rust, ignore-wasm32", 1),
            ("/// ```no_run", 0),
            ("//! ```text\n//! ignore\n//! ```", 0),
            ("let fence = \"/// ```ignore\";", 0),
        ] {
            assert_eq!(ignored_doctests(text).len(), want, "{text:?}");
        }
    }

    #[test]
    fn unfinished_code_is_found_in_docs_too() {
        for word in UNFINISHED {
            assert_eq!(unfinished_code(&format!("fn f() {{\n    {word})\n}}"))[0].line, 2);
            assert_eq!(unfinished_code(&format!("/// let x = {word});")).len(), 1);
        }
        assert!(unfinished_code("// a to-do list").is_empty());
    }

    #[test]
    fn a_left_out_test_has_a_reason() {
        for (text, want) in [
            ("    #[ignore]", 1),
            ("#[cfg_attr(miri, ignore)]", 1),
            ("#[ignore = \"slow: a minute\"]", 0),
            ("#[cfg_attr(miri, ignore = \"no sockets\")]", 0),
        ] {
            assert_eq!(silent_ignores(text).len(), want, "{text}");
        }
    }
}
