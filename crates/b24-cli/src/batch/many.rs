//! Any number of commands, in batches of 50.

use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use b24::{
    B24, Bulk,
    batch::Command,
    client::bulk::{BulkRow, LostChunk},
};
use futures_util::{Stream, StreamExt, stream};

use super::{
    input::Input,
    order::{Order, Row, Turn},
};
use crate::{
    args::{Api, BatchArgs},
    failure::Failure,
    interrupt::interrupted_once,
    output::{Payload, explain, print_lines_beside, say},
    progress::Progress,
    rows,
};

/// What the reading side tells the writing side.
#[derive(Debug, Default)]
struct Shared {
    order: Mutex<Order>,
    /// Why reading ended before the end of the input.
    refused: Mutex<Option<Failure>>,
    /// The exit status, where somebody asked for the end.
    interrupted: OnceLock<u8>,
}

impl Shared {
    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self) -> MutexGuard<'_, Option<Failure>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn run(b24: &B24, args: &BatchArgs, input: Input) -> Result<(), Failure> {
    let shared = Arc::new(Shared::default());
    let commands = commands(input, Arc::clone(&shared));
    // Ends the work when somebody asks for it, or when nobody reads what comes of it.
    let (give_up, given_up) = tokio::sync::oneshot::channel();
    let mut give_up = Some(give_up);
    let asked = Arc::clone(&shared);
    let end = async move {
        tokio::select! {
            status = interrupted_once() => drop(asked.interrupted.set(status)),
            Ok(()) = given_up => {}
        }
    };
    let mut tally = Tally::default();
    let mut unwritten = Ok(());
    let mut progress = Progress::new("commands");
    // What has come together is printed together.
    let mut rows = pin!(bulk(b24, args, commands).until(end).rows::<Payload>().ready_chunks(CHUNK));
    while let Some(rows) = rows.next().await {
        let turns: Vec<_> = {
            let mut order = shared.order();
            rows.into_iter().for_each(|row| tally.note_lost(&place(&mut order, row)));
            std::iter::from_fn(|| order.next()).collect()
        };
        tally.count(&turns);
        progress.wipe();
        tally.explain_lost();
        if unwritten.is_ok() {
            unwritten = print_lines_beside(turns.into_iter().map(|turn| turn.row.text).collect()).await;
            if let Some(give_up) = give_up.take_if(|_| unwritten.is_err()) {
                // It may have been asked for in the meantime.
                let _ = give_up.send(());
            }
        }
        progress.draw(tally.rows, None);
    }
    drop(progress);
    let refused = shared.refused().take();
    tally.report(args);
    if unwritten.is_err() {
        say(&format!("b24: the output ended; {}", tally.sent()));
        return unwritten;
    }
    match (refused, shared.interrupted.get()) {
        (Some(failure), _) => Err(failure),
        (None, Some(status)) => {
            say(&format!("b24: interrupted; {}", tally.sent()));
            Err(Failure::Interrupted(*status))
        }
        (None, None) if tally.failed > 0 => Err(Failure::Call),
        (None, None) => Ok(()),
    }
}

/// As many rows as a batch has.
const CHUNK: usize = 50;

fn bulk<'a>(b24: &B24, args: &BatchArgs, commands: impl Stream<Item = Command> + Send + 'a) -> Bulk<'a> {
    let bulk = match args.api {
        Api::V2 => b24.v2().bulk_stream(commands),
        Api::V3 => b24.v3().bulk_stream(commands),
    };
    bulk.halt_on_error(args.halt_on_error).concurrency(usize::from(args.concurrency))
}

/// The commands, until the input ends or a line is no command.
fn commands(input: Input, shared: Arc<Shared>) -> impl Stream<Item = Command> + Send {
    stream::unfold((input, shared), |(mut input, shared)| async move {
        match input.next().await {
            Ok(Some(mut given)) => {
                // Labels are for people here: those of one batch could be given twice, or be missing on some.
                shared.order().read(given.line, given.command.label.take());
                Some((given.command.build(), (input, shared)))
            }
            Ok(None) => None,
            Err(failure) => {
                *shared.refused() = Some(failure);
                None
            }
        }
    })
}

/// Puts what came of one request, or of one command, in its place. Gives why a request was lost, if it was.
fn place(order: &mut Order, row: Result<BulkRow<Payload>, LostChunk>) -> Option<String> {
    match row {
        Ok(row) => {
            let index = row.index;
            let row = rows::Row::from((order.key(index), row.outcome));
            order.add(index, Row { ok: row.outcome.is_done(), text: row.text() });
            None
        }
        Err(lost) => {
            for place in lost.places() {
                let text = rows::failed(&order.key(*place), lost.error());
                order.add(*place, Row { ok: false, text });
            }
            Some(format!("{lost}: {}", explain(lost.error())))
        }
    }
}

/// What is said at the end.
#[derive(Debug, Default)]
struct Tally {
    rows: u64,
    failed: u64,
    first_failed: Option<u64>,
    /// The line of the last command that has a row: all that were sent have one.
    last: Option<u64>,
    /// Requests that failed as a whole, and the reason of one that has not been told.
    lost: u64,
    untold: Option<String>,
}

impl Tally {
    fn note_lost(&mut self, lost: &Option<String>) {
        if let Some(why) = lost {
            self.lost += 1;
            // A portal that is gone would be complained of once for every 50 lines.
            if self.lost == 1 {
                self.untold = Some(why.clone());
            }
        }
    }

    fn explain_lost(&mut self) {
        if let Some(why) = self.untold.take() {
            say(&format!("b24: {why}"));
        }
    }

    fn count(&mut self, turns: &[Turn]) {
        for turn in turns {
            self.rows += 1;
            self.last = Some(turn.line);
            if !turn.row.ok {
                self.failed += 1;
                self.first_failed.get_or_insert(turn.line);
            }
        }
    }

    /// What was sent, for somebody who goes on later.
    fn sent(&self) -> String {
        match self.last {
            Some(last) => format!("nothing after line {last} was sent"),
            None => "nothing was sent".to_owned(),
        }
    }

    fn report(&self, args: &BatchArgs) {
        let Some(first) = self.first_failed else { return };
        let Self { rows, failed, .. } = self;
        if args.halt_on_error {
            say(&format!("b24: the command on line {first} failed; {}", self.sent()));
        } else {
            say(&format!("b24: {failed} of {rows} commands failed, the first on line {first}"));
        }
    }
}
