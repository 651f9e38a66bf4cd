//! `b24 list`: all rows of a method, one JSON row a line.

mod conditions;
mod ended;
mod request;

use std::pin::pin;

use b24::{Cursor, client::list::Pages};

use self::ended::Ended;
use crate::{
    args::ListArgs,
    connect::Session,
    failure::Failure,
    interrupt::interrupted,
    output::{Payload, one_line, print_lines_beside},
    progress::Progress,
    restrictions::restrictions,
};

pub(crate) fn main(args: &ListArgs) -> Result<(), Failure> {
    let session = Session::open(&args.access, restrictions(&args.limits)?)?;
    let list = request::list(&session.b24(), args)?;
    session.run(print_all(list.pages(), args))
}

/// What was printed so far.
#[derive(Clone, Debug, Default)]
struct Printed {
    rows: u64,
    /// The id of the last of them, where the list goes by ids.
    cursor: Option<Cursor>,
}

async fn print_all(mut pages: Pages<Payload>, args: &ListArgs) -> Result<(), Failure> {
    let mut progress = Progress::new("rows");
    let mut printed = Printed::default();
    let mut stop = pin!(interrupted());
    loop {
        // A page is printed at one go, so that an end in between leaves whole rows, and the cursor of the last of them.
        let page = tokio::select! {
            biased;
            status = &mut stop => {
                progress.wipe();
                return Ended::interrupted(status, &printed).report(args);
            }
            page = pages.next() => page,
        };
        progress.wipe();
        let mut page = match page {
            None => return Ok(()),
            Some(Ok(page)) => page,
            Some(Err(error)) => return Ended::failed(&error, &printed).report(args),
        };
        let before = printed.clone();
        let left = args.limit.map(|limit| usize::try_from(limit.get() - printed.rows).unwrap_or(usize::MAX));
        let enough = left.is_some_and(|left| left <= page.rows.len());
        page.rows.truncate(left.unwrap_or(usize::MAX));
        printed.rows += u64::try_from(page.rows.len()).unwrap_or_default();
        let lines = page.rows.into_iter().map(|row| String::from(Box::<str>::from(one_line(row)))).collect();
        tokio::select! {
            biased;
            written = print_lines_beside(lines) => written?,
            status = &mut stop => return Ended::interrupted(status, &before).report(args),
        }
        if enough {
            return Ok(());
        }
        printed.cursor = page.cursor;
        progress.draw(printed.rows, page.total);
    }
}
