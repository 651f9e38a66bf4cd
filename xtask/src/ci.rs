//! `cargo xtask ci`: everything CI runs, in its order.

use crate::clock::{self, Human};
use crate::outcome::{Outcome, Result};
use crate::project::Project;
use crate::table::{plain, row};
use crate::{conformance, deny, docs, examples, features, fuzz, interop, lint, loom, sizes, test, wasm};

/// Runs every step, also after one has failed: one run shows all that is wrong.
pub(crate) fn run(project: &Project) -> Result<Outcome> {
    let start = clock::now();
    let mut rows = vec![row(["step", "time", "result"])];
    let mut failed = Vec::new();
    for (name, step) in steps() {
        println!("\n==> {name}");
        let begin = clock::now();
        let result = step(project);
        let (verdict, ok) = verdict(&result);
        rows.push(row([name, &Human(begin.elapsed()).to_string(), &verdict]));
        println!("<== {name}: {verdict}");
        if !ok {
            failed.push(name);
        }
    }
    rows.push(row(["total", &Human(start.elapsed()).to_string(), ""]));
    println!("\n{}", plain(&rows));
    if failed.is_empty() { Ok(Outcome::Done) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}

type Step = fn(&Project) -> Result<Outcome>;

fn steps() -> [(&'static str, Step); 12] {
    [
        ("lint", lint::run),
        ("loom", loom::run),
        ("fuzz", fuzz::run_briefly),
        ("features", features::run),
        ("docs", docs::run),
        ("deny", deny::run),
        ("sizes", sizes::run),
        ("examples", examples::run),
        ("conformance", |project| conformance::run(project, &conformance::Options::default())),
        ("interop", interop::run),
        ("wasm", |project| wasm::run(project, &wasm::Options::default())),
        // Last, because a log is read from its end: what failed, and the runner's summary, stand there.
        ("test", |project| test::run(project, &test::Options::ci())),
    ]
}

fn verdict(result: &Result<Outcome>) -> (String, bool) {
    match result {
        Ok(Outcome::Done) => ("ok".to_owned(), true),
        Ok(Outcome::Skipped(why)) => (format!("skipped: {why}"), true),
        Err(error) => (format!("FAILED: {error}"), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failure_fails() {
        for (result, want) in [
            (Ok(Outcome::Done), ("ok", true)),
            (Ok(Outcome::Skipped("no node".into())), ("skipped: no node", true)),
            (Err("exit status 1".into()), ("FAILED: exit status 1", false)),
        ] {
            let (text, ok) = verdict(&result);
            assert_eq!((text.as_str(), ok), want);
        }
    }
}
