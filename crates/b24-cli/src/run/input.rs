//! The operations of a file or of standard input.

use futures_util::{Stream, stream};

use super::operation::Operation;
use crate::{args::RunArgs, failure::Failure, lines::Lines};

/// Ends after the first line that is no operation: what follows it cannot be trusted.
pub(super) async fn operations(args: &RunArgs) -> Result<impl Stream<Item = Result<Operation, Failure>>, Failure> {
    let begin = Some(Lines::open(args.file.as_deref()).await?);
    Ok(stream::unfold(begin, |lines| async move {
        let mut lines = lines?;
        match next(&mut lines).await {
            Ok(None) => None,
            Ok(Some(operation)) => Some((Ok(operation), Some(lines))),
            Err(failure) => Some((Err(failure), None)),
        }
    }))
}

async fn next(lines: &mut Lines) -> Result<Option<Operation>, Failure> {
    let Some((number, line)) = lines.next().await? else { return Ok(None) };
    let operation = Operation::parse(&line);
    operation.map(Some).map_err(|text| Failure::unusable(format!("line {number}: {text}")))
}
