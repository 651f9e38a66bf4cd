//! The page that keeps the numbers: each benchmark has a block of it.

use xshell::cmd;

use crate::outcome::Result;
use crate::project::Project;

const PAGE: &str = "docs/benchmarks.md";

/// Replaces the block of the benchmark `name`.
pub(crate) fn write(project: &Project, name: &str, report: &str) -> Result {
    let sh = project.shell();
    let page = sh.read_file(PAGE)?;
    let block = format!("{}\n{report}", machine(project)?);
    sh.write_file(PAGE, replace_block(&page, name, &block)?)?;
    println!("{PAGE} is rewritten");
    Ok(())
}

/// What the numbers were measured on; numbers of another machine compare only as ratios.
fn machine(project: &Project) -> Result<String> {
    let sh = project.shell();
    let info = sh.read_file("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism()?;
    let compiler = project.read(cmd!(sh, "rustc --version"))?;
    Ok(format!("Measured on {cores} cores of {model}, with {compiler}.\n"))
}

/// Puts `block` between the marks of `page` that have this name.
fn replace_block(page: &str, name: &str, block: &str) -> Result<String> {
    let (begin, end) = (format!("<!-- bench:{name} -->"), format!("<!-- /bench:{name} -->"));
    let parts = page.split_once(&begin).and_then(|(head, rest)| {
        let (_, tail) = rest.split_once(&end)?;
        Some((head, tail))
    });
    let (head, tail) = parts.ok_or_else(|| format!("the page lacks {begin} or {end}"))?;
    Ok(format!("{head}{begin}\n{}\n{end}{tail}", block.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_block_is_replaced() {
        let page = |text: &str| {
            format!(
                "head\n<!-- bench:a -->\nother\n<!-- /bench:a -->\n<!-- bench:b -->\n{text}\n<!-- /bench:b -->\ntail\n"
            )
        };
        let once = replace_block(&page("old"), "b", "new\n").ok();
        assert_eq!(once, Some(page("new")));
        assert!(replace_block(&page("old"), "c", "new").is_err());
    }
}
