//! The commands of a file or of standard input.

use b24::{
    ApiVersion,
    batch::{Prepared, Unprepared},
    core::error::Unreadable,
};

use crate::{
    args::{Api, BatchArgs},
    commands::Written,
    failure::Failure,
    lines::Lines,
};

/// Commands, read one by one as they are needed.
pub(super) struct Input {
    lines: Lines,
    version: ApiVersion,
    one: bool,
}

/// A command and the number of its line.
pub(super) struct Given {
    pub(super) line: u64,
    pub(super) command: Written,
}

impl Input {
    pub(super) async fn open(args: &BatchArgs) -> Result<Self, Failure> {
        let version = match args.api {
            Api::V2 => ApiVersion::V2,
            Api::V3 => ApiVersion::V3,
        };
        Ok(Self { lines: Lines::open(args.file.as_deref()).await?, version, one: args.one })
    }

    pub(super) async fn next(&mut self) -> Result<Option<Given>, Failure> {
        let Some((line, text)) = self.lines.next().await? else { return Ok(None) };
        let unusable = |text: &str| {
            let rest = if self.one { "nothing was sent" } else { "nothing from there on was sent" };
            Failure::unusable(format!("line {line}: {text}; {rest}"))
        };
        let command: Written =
            serde_json::from_str(&text).map_err(|error| unusable(&format!("not a command: {}", why(&error))))?;
        if !self.one && refers(&command, self.version) {
            // On its own it would be sent as text, and a record be written with it.
            return Err(unusable(
                "INVALID_BATCH_REF: it refers to another command, which may be in another batch: --one sends all \
                 commands as one",
            ));
        }
        Ok(Some(Given { line, command }))
    }
}

/// What was expected, and in which column; of lines there is only one.
fn why(error: &serde_json::Error) -> String {
    Unreadable::new(error).to_string().replace(" at line 1 column ", " at column ")
}

/// Whether a command takes a value from another one, or looks as if it did.
fn refers(command: &Written, version: ApiVersion) -> bool {
    match Prepared::new(command.build(), version, true) {
        Ok(prepared) => prepared.has_references(),
        Err(Unprepared::Alone(alone)) => alone.why.is_reference(),
        // What else is wrong with it is said in its row.
        Err(_) => false,
    }
}
