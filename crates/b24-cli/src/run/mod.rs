//! `b24 run`: REST operations, one JSON object a line, each with one line of output.

mod execute;
mod input;
mod operation;

use std::pin::pin;

use b24::B24;
use futures_util::StreamExt;

use crate::{
    args::RunArgs,
    connect::{connect, runtime},
    failure::Failure,
    output::print,
    restrictions::restrictions,
};

pub(crate) fn main(args: &RunArgs) -> Result<(), Failure> {
    let b24 = connect(&args.access, restrictions(&args.limits)?)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(run(args, &b24));
    // Standard input may still be open after a line that was no use: it is not waited for.
    runtime.shutdown_background();
    outcome
}

async fn run(args: &RunArgs, b24: &B24) -> Result<(), Failure> {
    let operations = input::operations(args).await?;
    let lines = operations.map(|operation| async move { Ok::<_, Failure>(execute::execute(b24, operation?).await) });
    // With one in flight the order is that of the input; with more, whatever is done first comes out first.
    let mut done = pin!(lines.buffer_unordered(usize::from(args.concurrency)));
    let mut outcome = Ok(());
    while let Some(line) = done.next().await {
        match line {
            Ok(line) => {
                print(&line.text)?;
                if !line.ok && outcome.is_ok() {
                    outcome = Err(Failure::Call);
                }
            }
            // What is in flight has been sent: it is told before the end.
            Err(failure) => outcome = Err(failure),
        }
    }
    outcome
}
