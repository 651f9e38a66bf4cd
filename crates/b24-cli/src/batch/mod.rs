//! `b24 batch`: any number of commands, one a line, each with one row of output.

mod input;
mod many;
mod one;
mod order;

use crate::{
    args::BatchArgs,
    connect::{connect, runtime},
    failure::Failure,
    restrictions::restrictions,
};

pub(crate) fn main(args: &BatchArgs) -> Result<(), Failure> {
    let b24 = connect(&args.access, restrictions(&args.limits)?)?;
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        let commands = input::Input::open(args).await?;
        if args.one { one::run(&b24, args, commands).await } else { many::run(&b24, args, commands).await }
    });
    // Standard input may still be open after a line that was no use: it is not waited for.
    runtime.shutdown_background();
    outcome
}
