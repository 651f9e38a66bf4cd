//! A process that receives events and is killed, for `tests/events_killed.rs`.
//!
//! What it needs to know is JSON in the environment variable `EVENT_WORKER`. It prints the address it listens on. Each line
//! of its log is one write: `handled ID` by the handler, `acknowledged ID` once the inbox has written that down. To a line
//! on standard input it answers with `empty` when nothing waits any more; it ends with its standard input.
#![allow(clippy::print_stdout, reason = "the lines are the answers")]

use std::{
    error::Error,
    fs::{File, OpenOptions},
    io::{BufRead, Write},
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use b24::events::{
    ApplicationToken, Event, EventService, Fingerprint, Inbox, Incoming, MemoryInbox, SqliteInbox, Verified,
    inbox::{Durability, InboxFuture, Letter, LetterId, Taken},
};
use b24_tests::{server::serve, watched::Watched};
use serde::Deserialize;

#[derive(Deserialize)]
struct Told {
    token: String,
    log: PathBuf,
    file: PathBuf,
    inbox: Kind,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    PowerLoss,
    ProcessDeath,
    /// Keeps nothing.
    Memory,
    /// Keeps letters, and forgets what was handled.
    Amnesiac,
}

fn main() -> Result<(), Box<dyn Error>> {
    let told: Told = serde_json::from_str(&std::env::var("EVENT_WORKER")?)?;
    match told.inbox {
        Kind::PowerLoss => work(SqliteInbox::open(&told.file)?, &told),
        Kind::ProcessDeath => {
            work(SqliteInbox::builder().durability(Durability::ProcessDeath).open(&told.file)?, &told)
        }
        Kind::Memory => work(MemoryInbox::new(), &told),
        Kind::Amnesiac => work(Amnesiac(SqliteInbox::open(&told.file)?), &told),
    }
}

fn work(inbox: impl Inbox, told: &Told) -> Result<(), Box<dyn Error>> {
    let log = Arc::new(OpenOptions::new().append(true).create(true).open(&told.log)?);
    let witness = Arc::clone(&log);
    let inbox = Watched::new(inbox, move |letter| {
        if let Ok(Incoming::Event(event)) = Incoming::decode(letter.encoding, &letter.body) {
            // A witness that cannot write is missed by the test.
            let _missed = note(&witness, "acknowledged", &event);
        }
    });
    let (service, worker) = EventService::builder(ApplicationToken::new(told.token.as_str().into()))
        .inbox(inbox.clone())
        .on_any(move |event: Verified<Event>| {
            let log = Arc::clone(&log);
            async move {
                // There is time to die before the work, after it, and after none of it.
                tokio::time::sleep(Duration::from_millis(2)).await;
                note(&log, "handled", &event)?;
                tokio::task::yield_now().await;
                Ok(())
            }
        })
        .build()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    println!("{}", listener.local_addr()?);
    runtime.spawn(serve(listener, service));
    runtime.spawn(worker.run());
    for line in std::io::stdin().lock().lines() {
        line?;
        runtime.block_on(inbox.emptied())?;
        println!("empty");
    }
    Ok(())
}

fn note(mut log: &File, what: &str, event: &Event) -> std::io::Result<()> {
    let id = event.raw_data()["FIELDS"]["ID"].as_str().unwrap_or_default();
    log.write_all(format!("{what} {id}\n").as_bytes())
}

#[derive(Debug)]
struct Amnesiac(SqliteInbox);

impl Inbox for Amnesiac {
    fn append(&self, letter: Letter) -> InboxFuture<'_, ()> {
        self.0.append(letter)
    }

    fn take(&self, limit: usize, now: SystemTime) -> InboxFuture<'_, Taken> {
        self.0.take(limit, now)
    }

    fn acknowledge(&self, id: LetterId, handled: Option<Fingerprint>, now: SystemTime) -> InboxFuture<'_, ()> {
        self.0.acknowledge(id, handled, now)
    }

    fn was_handled(&self, _: Fingerprint, _: SystemTime) -> InboxFuture<'_, bool> {
        Box::pin(async { Ok(false) })
    }

    fn postpone(&self, id: LetterId, due: SystemTime) -> InboxFuture<'_, ()> {
        self.0.postpone(id, due)
    }

    fn bury(&self, id: LetterId) -> InboxFuture<'_, ()> {
        self.0.bury(id)
    }

    fn waiting(&self) -> InboxFuture<'_, usize> {
        self.0.waiting()
    }
}
