//! One batch, whose commands may refer to each other.

use b24::{
    B24, ErrorKind,
    batch::{Key, MOST},
};

use super::input::Input;
use crate::{
    args::{Api, BatchArgs},
    failure::Failure,
    output::{explain, print_lines_beside, say},
    rows::{self, Row, all_ok},
};

pub(super) async fn run(b24: &B24, args: &BatchArgs, mut input: Input) -> Result<(), Failure> {
    let mut batch = match args.api {
        Api::V2 => b24.v2().batch(),
        Api::V3 => b24.v3().batch(),
    };
    let mut keys = Vec::new();
    while let Some(given) = input.next().await? {
        if keys.len() == MOST {
            let text = format!("line {}: --one takes {MOST} commands, and no more; nothing was sent", given.line);
            return Err(Failure::unusable(text));
        }
        keys.push(given.command.label.as_deref().map_or(Key::Index(keys.len()), Key::from));
        batch = batch.command(given.command.build());
    }
    if keys.is_empty() {
        return Ok(());
    }
    // A reference in a batch that goes on would take whatever a failed command left.
    match batch.halt_on_error(true).references_in_text(true).send().await {
        Ok(reply) => {
            let rows: Vec<_> = reply.into_rows().map(Row::from).collect();
            print_lines_beside(rows.iter().map(Row::text).collect()).await?;
            if all_ok(&rows) { Ok(()) } else { Err(Failure::Call) }
        }
        Err(error) if error.kind() == ErrorKind::Usage => Err(Failure::refused(&error)),
        Err(error) => {
            say(&format!("b24: {}", explain(&error)));
            print_lines_beside(keys.iter().map(|key| rows::failed(key, &error)).collect()).await?;
            Err(Failure::Call)
        }
    }
}
