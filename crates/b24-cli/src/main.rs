//! The command `b24`: call a Bitrix24 portal, or run an embedded one.

mod args;
mod batch;
mod call;
mod commands;
mod connect;
mod demo;
mod failure;
mod interrupt;
mod lines;
mod list;
mod listen;
mod logging;
mod login;
mod output;
mod param;
mod params;
mod portal;
mod progress;
mod restrictions;
mod rows;
mod run;

use std::process::ExitCode;

use b24::core::redact;
use clap::{CommandFactory, Parser};

use crate::{
    args::{Args, Command},
    failure::Failure,
};

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refused(&error),
    };
    logging::init();
    let outcome = match args.command {
        Command::Call(call) => call::main(&call),
        Command::List(list) => list::main(&list),
        Command::Batch(batch) => batch::main(&batch),
        Command::Run(run) => run::main(&run),
        Command::Login(login) => login::main(&login),
        Command::Listen(listen) => listen::main(&listen),
        Command::Portal(portal) => portal::main(&portal),
        Command::Demo => demo::main(),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "b24", &mut script);
            output::print(String::from_utf8_lossy(&script).trim_end())
        }
    };
    outcome.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}

/// Help and version as they are; a complaint without the webhook that somebody put in the wrong place.
fn refused(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        return output::print(error.render().to_string().trim_end())
            .map_or_else(Failure::report, |()| ExitCode::SUCCESS);
    }
    output::say(redact::text(error.render().to_string().trim_end()).as_ref());
    ExitCode::from(2)
}
