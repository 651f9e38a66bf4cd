//! Benchmarks of `tests/benches`, whose statistics criterion does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use xshell::cmd;

use crate::outcome::Result;
use crate::project::Project;

/// A benchmark that has been built, once for all rounds.
#[derive(Debug)]
pub(crate) struct Program(PathBuf);

impl Program {
    /// Builds the benchmark `name`. Cargo alone knows what its program is called.
    pub(crate) fn build(project: &Project, name: &str) -> Result<Self> {
        let sh = project.shell();
        let build =
            cmd!(sh, "cargo bench -p b24-tests --bench {name} --no-run --message-format=json-render-diagnostics");
        let messages = project.read(build)?;
        Ok(Self(executable(&messages, name).ok_or("cargo built no benchmark")?.into()))
    }

    /// Runs it, and reads what criterion leaves behind: nanoseconds in the order of `names`, which are those of `group`.
    pub(crate) fn run<N: AsRef<Path>>(&self, project: &Project, group: &str, names: &[N]) -> Result<Vec<u64>> {
        let sh = project.shell();
        let (program, home) = (&self.0, project.target().join("criterion"));
        // Numbers of an earlier run must not be taken for those of a run that wrote none.
        sh.remove_path(home.join(group))?;
        project.run(cmd!(sh, "{program} --bench --noplot --quiet").env("CRITERION_HOME", &home))?;
        let read = |name: &N| {
            let path = home.join(group).join(name).join("new/estimates.json");
            let estimates = sh.read_file(&path)?;
            Ok(nanos(&estimates).ok_or_else(|| format!("{} holds no median", path.display()))?)
        };
        names.iter().map(read).collect()
    }
}

/// The program of a benchmark, among the messages of `cargo bench --no-run`.
fn executable(messages: &str, name: &str) -> Option<String> {
    let mut messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.find_map(|message| {
        let is_bench = message["target"]["kind"][0] == "bench" && message["target"]["name"] == name;
        message["executable"].as_str().filter(|_| is_bench).map(str::to_owned)
    })
}

/// The median in criterion's `estimates.json`, to the nearest nanosecond.
fn nanos(estimates: &str) -> Option<u64> {
    let estimates: Value = serde_json::from_str(estimates).ok()?;
    let nanos = estimates["median"]["point_estimate"].as_f64()?;
    let time = Duration::try_from_secs_f64(nanos / 1e9).ok()?;
    u64::try_from(time.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_others() {
        let messages = "\
{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"lib\"],\"name\":\"limiter\"},\"executable\":null}
{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bin\"],\"name\":\"bench-limiter\"},\"executable\":\"no\"}
{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bench\"],\"name\":\"list\"},\"executable\":\"no\"}
{\"reason\":\"compiler-artifact\",\"target\":{\"kind\":[\"bench\"],\"name\":\"limiter\"},\"executable\":\"yes\"}
{\"reason\":\"build-finished\",\"success\":true}";
        assert_eq!(executable(messages, "limiter").as_deref(), Some("yes"));
        assert_eq!(executable("no JSON", "limiter"), None);
    }

    #[test]
    fn the_median_of_criterion_is_read() {
        let estimates = r#"{"mean":{"point_estimate":99.0},"median":{"point_estimate":1288.7,"standard_error":1}}"#;
        assert_eq!(nanos(estimates), Some(1289));
        for bad in ["", "{}", r#"{"median":{"point_estimate":-1}}"#, r#"{"median":{"point_estimate":1e300}}"#] {
            assert_eq!(nanos(bad), None, "{bad}");
        }
    }
}
