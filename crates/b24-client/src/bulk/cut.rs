//! From a stream of commands to pieces that are sent one by one.

use b24_core::{
    ApiVersion, Error, SdkCode,
    batch::{Alone, Command, MOST, Prepared, Unprepared},
};
use futures_util::{
    StreamExt,
    stream::{BoxStream, Fuse},
};

/// What is sent at once; `first` is the absolute place of its first command.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) first: usize,
    pub(super) what: What,
}

/// The label of a command that is sent by itself.
type Label = Option<Box<str>>;

#[derive(Debug)]
pub(super) enum What {
    Batch(Vec<Prepared>),
    /// What no batch can carry.
    Alone(Box<Alone>),
    /// What cannot be sent at all, with its label.
    Refused(Label, Error),
}

/// Takes commands from their source and cuts them into pieces.
pub(super) struct Cutter<'a> {
    /// Asked no more once it has ended: another chunk may come after the last one was cut short.
    commands: Fuse<BoxStream<'a, Command>>,
    version: ApiVersion,
    next: usize,
    /// A piece that was found behind the one that was given out.
    held: Option<Piece>,
}

impl<'a> Cutter<'a> {
    pub(super) fn new(commands: BoxStream<'a, Command>, version: ApiVersion) -> Self {
        Self { commands: commands.fuse(), version, next: 0, held: None }
    }

    pub(super) fn version(&self) -> ApiVersion {
        self.version
    }

    pub(super) async fn next(&mut self) -> Option<Piece> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        let first = self.next;
        let mut batch = Vec::new();
        while batch.len() < MOST {
            let Some(command) = self.commands.next().await else { break };
            let place = self.next;
            self.next += 1;
            let label = command.given_label().map(Into::into);
            let what = match prepare(command, self.version) {
                Ok(prepared) => {
                    batch.push(prepared);
                    continue;
                }
                Err(Unprepared::Alone(alone)) => What::Alone(alone),
                Err(refused) => What::Refused(label, refused.into_error(place)),
            };
            let piece = Piece { first: place, what };
            if batch.is_empty() {
                return Some(piece);
            }
            self.held = Some(piece);
            break;
        }
        (!batch.is_empty()).then_some(Piece { first, what: What::Batch(batch) })
    }
}

fn prepare(command: Command, version: ApiVersion) -> Result<Prepared, Unprepared> {
    let prepared = Prepared::new(command, version, false)?;
    if prepared.has_references() {
        // The command it refers to may be in another batch.
        let text = "commands that are sent in chunks cannot refer to each other";
        return Err(Unprepared::Refused(Error::usage(SdkCode::InvalidBatchRef, text)));
    }
    Ok(prepared)
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};
    use serde_json::{Value, json};

    use super::*;

    fn pieces(commands: Vec<(&'static str, Value)>) -> Vec<String> {
        let commands = stream::iter(commands.into_iter().map(Command::from)).boxed();
        let mut cutter = Cutter::new(commands, ApiVersion::V2);
        let mut all = Vec::new();
        while let Some(Piece { first, what }) = cutter.next().now_or_never().unwrap() {
            all.push(match what {
                What::Batch(batch) => format!("{first}: {} in a batch", batch.len()),
                What::Alone(alone) => format!("{first}: alone for {}", alone.why.path()),
                What::Refused(_, error) => format!("{first}: {}", error.code()),
            });
        }
        all
    }

    #[test]
    fn every_fifty_commands_are_a_batch() {
        let get = |count| (0..count).map(|id| ("crm.deal.get", json!({ "id": id }))).collect();
        assert_eq!(pieces(get(0)), [""; 0]);
        assert_eq!(pieces(get(50)), ["0: 50 in a batch"]);
        assert_eq!(pieces(get(101)), ["0: 50 in a batch", "50: 50 in a batch", "100: 1 in a batch"]);
    }

    #[test]
    fn a_source_that_has_ended_is_not_asked_again() {
        let source =
            stream::unfold(0, |count| async move { (count < 3).then(|| (Command::new("profile"), count + 1)) });
        let mut cutter = Cutter::new(source.boxed(), ApiVersion::V2);
        assert!(cutter.next().now_or_never().unwrap().is_some());
        assert!(cutter.next().now_or_never().unwrap().is_none());
        assert!(cutter.next().now_or_never().unwrap().is_none());
    }

    #[test]
    fn what_a_batch_cannot_carry_keeps_its_place() {
        let update = |fields| ("crm.deal.update", json!({ "id": 1, "fields": fields }));
        let commands = vec![
            update(json!({ "A": 1 })),
            update(json!({ "A": null })),
            update(json!({ "A": "costs $result[x]" })),
            ("batch", json!({})),
            update(json!({ "A": 1 })),
            update(json!({ "A": 2 })),
        ];
        assert_eq!(
            pieces(commands),
            [
                "0: 1 in a batch",
                "1: alone for fields[A]",
                "2: alone for fields[A]",
                "3: INVALID_METHOD",
                "4: 2 in a batch"
            ]
        );
    }

    #[test]
    fn references_are_refused() {
        let reference = b24_core::batch::Reference::new(0).field("ID");
        assert_eq!(pieces(vec![("crm.deal.get", json!({ "id": reference }))]), ["0: INVALID_BATCH_REF"]);
    }
}
