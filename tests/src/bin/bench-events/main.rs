//! Both sides of `cargo xtask bench events`: what it takes to receive so many events a second.
//!
//! `bench-events send INBOX RATE SECONDS FOLDER` starts the receiver in a process of its own, posts to it, and prints one
//! JSON line. `INBOX` is `bare` for a service that reads the body and answers, `memory`, `process-death` or `power-loss` for
//! an `EventService` with that inbox, whose file is in `FOLDER`. `bench-events receive INBOX FOLDER` is the receiver.
#![allow(clippy::print_stdout, reason = "the lines are the results")]

mod receive;
mod send;

use std::error::Error;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["send", inbox, rate, seconds, folder] => {
            println!("{}", send::measure(inbox, rate.parse()?, seconds.parse()?, folder.as_ref())?);
            Ok(())
        }
        ["receive", inbox, folder] => receive::run(inbox, folder.as_ref()),
        _ => Err("usage: bench-events send INBOX RATE SECONDS FOLDER | receive INBOX FOLDER".into()),
    }
}
