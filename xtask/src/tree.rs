//! What a build pulls, as `cargo tree` tells it.

use std::collections::BTreeSet;

use xshell::cmd;

use crate::outcome::Result;
use crate::project::Project;

/// The crates that one build compiles: `name v1.2.3`, each once, the package itself included.
pub(crate) fn crates(project: &Project, package: &str, options: &[&str]) -> Result<BTreeSet<String>> {
    let sh = project.shell();
    let tree = project.read(cmd!(sh, "cargo tree -p {package} -e normal,build --prefix none {options...}"))?;
    Ok(parse(&tree))
}

/// The crates of `tree` that belong to one of the `families`: `hyper` names hyper itself,
/// hyper-util, hyper-rustls and so on.
pub(crate) fn members<'a>(tree: &'a BTreeSet<String>, families: &[&str]) -> Vec<&'a str> {
    let names = tree.iter().map(|line| line.split(' ').next().unwrap_or(line));
    names.filter(|name| families.iter().any(|family| belongs(name, family))).collect()
}

fn belongs(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn parse(tree: &str) -> BTreeSet<String> {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (name, version) = (words.next()?, words.next()?);
            Some(format!("{name} {version}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "\
b24-core v0.1.0 (../crates/b24-core)
hyper-util v0.1.17
http v1.3.1
serde v1.0.219
serde_derive v1.0.219 (proc-macro)
serde v1.0.219 (*)

urlencoding v2.1.3
";

    #[test]
    fn each_crate_counts_once() {
        let crates: Vec<_> = parse(TREE).into_iter().collect();
        assert_eq!(
            crates,
            [
                "b24-core v0.1.0",
                "http v1.3.1",
                "hyper-util v0.1.17",
                "serde v1.0.219",
                "serde_derive v1.0.219",
                "urlencoding v2.1.3"
            ]
        );
    }

    #[test]
    fn a_family_is_a_name_and_what_it_prefixes() {
        let tree = parse(TREE);
        assert_eq!(members(&tree, &["hyper"]), ["hyper-util"]);
        assert_eq!(members(&tree, &["b24"]), ["b24-core"]);
        assert!(members(&tree, &["url", "rustls", "tokio"]).is_empty());
    }
}
