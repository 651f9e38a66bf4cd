//! What apt-cache prints.

/// The candidate in the output of `apt-cache policy`.
pub(super) fn candidate(policy: &str) -> Option<&str> {
    let version = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?.trim();
    (version != "(none)").then_some(version)
}

/// The names in the first `Depends` of `apt-cache show`; of alternatives, the first.
pub(super) fn depends(shown: &str) -> Vec<String> {
    let line = shown.lines().find_map(|line| line.strip_prefix("Depends:")).unwrap_or_default();
    let names = line.split(',').filter_map(|part| part.split_whitespace().next());
    names.map(|name| name.split(':').next().unwrap_or(name).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_that_cannot_be_had_has_no_candidate() {
        let policy = |candidate| format!("x:\n  Installed: (none)\n  Candidate: {candidate}\n  Version table:\n");
        assert_eq!(candidate(&policy("1.96.0+dfsg1-1~deb12u2")), Some("1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(candidate(&policy("(none)")), None);
        assert_eq!(candidate(""), None);
    }

    #[test]
    fn dependencies_are_names() {
        let shown = "Package: x\nPre-Depends: dpkg\nDepends: libc6 (>= 2.36), libllvm22 (>= 1:22), gcc:any, a | b\n\
                     Recommends: y\n\nPackage: x\nDepends: other\n";
        assert_eq!(depends(shown), ["libc6", "libllvm22", "gcc", "a"]);
        assert!(depends("Package: x\n").is_empty());
    }
}
