//! The command `b24`: call a Bitrix24 portal, or run an embedded one.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what a command line does")]

mod args;
mod call;
mod connect;
mod demo;
mod failure;
mod logging;
mod output;
mod param;
mod portal;
mod run;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::{
    args::{Args, Command},
    failure::Failure,
};

fn main() -> ExitCode {
    let args = Args::parse();
    logging::init();
    let outcome = match args.command {
        Command::Call(call) => call::main(&call),
        Command::Run(run) => run::main(&run),
        Command::Portal(portal) => portal::main(&portal),
        Command::Demo => demo::main(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Args::command(), "b24", &mut std::io::stdout());
            Ok(())
        }
    };
    outcome.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}
