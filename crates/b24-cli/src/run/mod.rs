//! `b24 run`: REST operations, one JSON object a line, each with one line of output.

mod execute;
mod input;
mod operation;

use std::pin::pin;

use b24::B24;
use futures_util::StreamExt;

use crate::{args::RunArgs, connect::Session, failure::Failure, output::print_beside, restrictions::restrictions};

pub(crate) fn main(args: &RunArgs) -> Result<(), Failure> {
    let session = Session::open(&args.access, restrictions(&args.limits)?)?;
    let b24 = session.b24();
    session.run_until_interrupted(run(args, &b24))
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
                let ok = line.ok;
                // A reader that stands still must not hold up a renewal of the tokens.
                print_beside(line.text).await?;
                if !ok && outcome.is_ok() {
                    outcome = Err(Failure::Call);
                }
            }
            // What is in flight has been sent: it is told before the end.
            Err(failure) => outcome = Err(failure),
        }
    }
    outcome
}
