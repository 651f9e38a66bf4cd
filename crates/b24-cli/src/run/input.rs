//! The lines of input, read beside the calls and not in their way.

use futures_util::{Stream, stream};
use tokio::{
    fs::File,
    io::{AsyncBufRead, AsyncBufReadExt, BufReader, Lines, stdin},
};

use super::operation::Operation;
use crate::{args::RunArgs, failure::Failure};

type Source = Lines<Box<dyn AsyncBufRead + Send + Unpin>>;

/// The operations of a file or of standard input. Ends after the first line that is none: what follows it cannot be
/// trusted.
pub(super) async fn operations(args: &RunArgs) -> Result<impl Stream<Item = Result<Operation, Failure>>, Failure> {
    let source: Box<dyn AsyncBufRead + Send + Unpin> = match &args.file {
        None => Box::new(BufReader::new(stdin())),
        Some(path) => {
            let file = File::open(path).await;
            let file = file.map_err(|error| Failure::unusable(format!("cannot read {}: {error}", path.display())))?;
            Box::new(BufReader::new(file))
        }
    };
    let begin = Some((source.lines(), 0));
    Ok(stream::unfold(begin, |state| async move {
        let (mut lines, number) = state?;
        match next(&mut lines, number).await {
            Ok(None) => None,
            Ok(Some((operation, number))) => Some((Ok(operation), Some((lines, number)))),
            Err(failure) => Some((Err(failure), None)),
        }
    }))
}

/// The next operation and the number of its line; blank lines are passed over.
async fn next(lines: &mut Source, mut number: u64) -> Result<Option<(Operation, u64)>, Failure> {
    loop {
        number += 1;
        let line = lines.next_line().await;
        match line.map_err(|error| Failure::unusable(format!("line {number}: {error}")))? {
            None => return Ok(None),
            Some(line) if line.trim().is_empty() => {}
            Some(line) => {
                let operation = Operation::parse(&line);
                let operation = operation.map_err(|text| Failure::unusable(format!("line {number}: {text}")))?;
                return Ok(Some((operation, number)));
            }
        }
    }
}
