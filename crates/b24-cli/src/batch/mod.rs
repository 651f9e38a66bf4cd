//! `b24 batch`: any number of commands, one a line, each with one row of output.

mod input;
mod many;
mod one;
mod order;

use crate::{args::BatchArgs, connect::Session, failure::Failure, restrictions::restrictions};

pub(crate) fn main(args: &BatchArgs) -> Result<(), Failure> {
    let session = Session::open(&args.access, restrictions(&args.limits)?)?;
    let b24 = session.b24();
    if args.one {
        session.run_until_interrupted(async { one::run(&b24, args, input::Input::open(args).await?).await })
    } else {
        session.run(async { many::run(&b24, args, input::Input::open(args).await?).await })
    }
}
