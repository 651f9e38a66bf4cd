//! The comparing half of `cargo xtask interop`: the same operations with the official JavaScript SDK and with `b24 run`.
//!
//! `interop SCRIPT B24` starts two portals that are equal to the last row, lets Node with the script work on one and `b24`
//! on the other, and compares what each portal heard and what each client says came of it. Prints a table; exit status 1
//! when anything differs that is not one of the official SDK's known defects, or no longer differs where one is named.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is the result")]

mod clients;
mod compare;
mod defects;
mod heard;
mod operations;
mod outcome;

use std::{path::Path, process::ExitCode};

use clients::Client;
use compare::{Verdict, compare};
use operations::Operation;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is as expected.
fn run() -> Outcome<bool> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [script, b24] = arguments.as_slice() else { return Err("usage: interop SCRIPT B24".into()) };
    let folder = Path::new(script).parent().ok_or("the script is in no folder")?;
    let operations = Operation::all()?;
    let theirs = clients::run(&Client::node(script), folder, &operations)?;
    let ours = clients::run(&Client::b24(b24), folder, &operations)?;

    let rows = operations.iter().zip(theirs).zip(ours).map(|((operation, theirs), ours)| {
        let (requests, verdict) = (ours.requests.len(), compare(operation, theirs, ours));
        (operation, requests, verdict)
    });
    let rows: Vec<_> = rows.collect();
    print(&rows);
    let wrong = rows.iter().filter(|(_, _, verdict)| !verdict.is_expected()).count();
    let equal = rows.iter().filter(|(_, _, verdict)| matches!(verdict, Verdict::Equal)).count();
    println!(
        "\n{} operations: {equal} equal, {} differ by known defects of the JavaScript SDK, {wrong} otherwise",
        rows.len(),
        rows.len() - equal - wrong
    );
    Ok(wrong == 0)
}

fn print(rows: &[(&Operation, usize, Verdict)]) {
    let width = rows.iter().map(|(operation, _, _)| operation.name.chars().count()).max().unwrap_or(0);
    println!("{:width$}  requests  verdict", "operation");
    for (operation, requests, verdict) in rows {
        println!("{:width$}  {requests:8}  {verdict}", operation.name);
    }
}
