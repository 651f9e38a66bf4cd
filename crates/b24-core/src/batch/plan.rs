//! A whole batch: what is sent, and how its answer is read.

use std::{collections::HashSet, sync::Arc};

use serde::{Serialize, Serializer};

use super::{CommandInfo, MOST, Outcome, Payload, Prepared, answer, reference};
use crate::{ApiVersion, CallOptions, Error, Method, Params, RestRequest, RestResponse, SdkCode};

/// A whole batch, checked and written.
///
/// The order of the commands is the order in which the portal runs them.
#[derive(Clone, Debug)]
pub struct Plan {
    version: ApiVersion,
    halt: bool,
    commands: Arc<[CommandInfo]>,
    params: Params,
}

impl Plan {
    /// Checks what only shows in the whole: the number of commands, their labels, and where references lead.
    ///
    /// `halt`: whether v2 stops at the first command that fails. v3 always does.
    ///
    /// # Errors
    /// [`SdkCode::BatchEmpty`], [`SdkCode::BatchTooLarge`], [`SdkCode::BatchLabels`], and [`SdkCode::InvalidBatchRef`]
    /// for a reference to no earlier command, or one in a v2 batch that does not halt: there it would be resolved against
    /// whatever a failed command left.
    pub fn new(version: ApiVersion, commands: &[Prepared], halt: bool) -> Result<Self, Error> {
        if commands.is_empty() {
            return Err(Error::usage(SdkCode::BatchEmpty, "the batch has no command"));
        }
        if commands.len() > MOST {
            let text = format!("the batch has {} commands, and the portal runs {MOST}", commands.len());
            return Err(Error::usage(SdkCode::BatchTooLarge, text));
        }
        check_labels(commands)?;
        let infos: Arc<[_]> = commands.iter().enumerate().map(|(place, command)| command.info(place)).collect();
        check_references(version, commands, &infos, halt)?;
        let params = match version {
            ApiVersion::V2 => Params::object(&V2 { halt: u8::from(halt), cmd: Commands(commands) })?,
            ApiVersion::V3 => Params::list(commands)?,
        };
        Ok(Self { version, halt, commands: infos, params })
    }

    /// The call that sends it.
    #[must_use]
    pub fn request(&self, options: CallOptions) -> RestRequest {
        RestRequest::new(self.version, Method::batch(), self.params.clone())
            .with_options(options)
            .with_commands(Arc::clone(&self.commands))
    }

    /// Its commands.
    #[must_use]
    pub fn commands(&self) -> &[CommandInfo] {
        &self.commands
    }

    /// What became of each command, in order.
    ///
    /// # Errors
    /// Kind [`Decode`](crate::ErrorKind::Decode) when the answer is not that of a batch.
    pub fn read(&self, request: &RestRequest, response: &RestResponse) -> Result<Vec<Outcome<Payload>>, Error> {
        match self.version {
            ApiVersion::V2 => answer::v2(request, response, self.halt),
            ApiVersion::V3 => answer::v3(request, response),
        }
    }
}

fn check_labels(commands: &[Prepared]) -> Result<(), Error> {
    let refused = |text: &'static str| Err(Error::usage(SdkCode::BatchLabels, text));
    let mut seen = HashSet::new();
    for command in commands {
        match command.label() {
            Some("") => return refused("a label of the batch is empty"),
            Some(label) if !seen.insert(label) => return refused("a label of the batch stands at two commands"),
            _ => {}
        }
    }
    if seen.is_empty() || seen.len() == commands.len() {
        return Ok(());
    }
    refused("some commands of the batch have a label, and some have none")
}

fn check_references(
    version: ApiVersion,
    commands: &[Prepared],
    infos: &[CommandInfo],
    halt: bool,
) -> Result<(), Error> {
    for (place, command) in commands.iter().enumerate() {
        for reference in command.references() {
            let name = reference.key().to_string();
            if !infos[..place].iter().any(|earlier| earlier.key().to_string() == name) {
                let text = format!("command {place} refers to `{name}`, and no command before it is called that");
                return Err(reference::refused(&text));
            }
            if version == ApiVersion::V2 && !halt {
                let text = "in a batch that does not halt, it would take whatever a failed command left";
                return Err(reference::refused(text));
            }
        }
    }
    Ok(())
}

#[derive(Serialize)]
struct V2<'a> {
    halt: u8,
    cmd: Commands<'a>,
}

/// A list, or with labels an object in the order of the commands, which is that of execution.
struct Commands<'a>(&'a [Prepared]);

impl Serialize for Commands<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.first().is_some_and(|command| command.label().is_none()) {
            return serializer.collect_seq(self.0);
        }
        serializer.collect_map(self.0.iter().map(|command| (command.label().unwrap_or_default(), command)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::{Command, Reference},
        *,
    };

    fn plan(version: ApiVersion, halt: bool, commands: Vec<Command>) -> Result<String, Error> {
        let prepare = |(place, command)| Prepared::new(command, version, true).map_err(|error| error.into_error(place));
        let prepared: Vec<_> = commands.into_iter().enumerate().map(prepare).collect::<Result<_, _>>()?;
        let plan = Plan::new(version, &prepared, halt)?;
        Ok(String::from_utf8(plan.request(CallOptions::default()).params().as_bytes().to_vec()).unwrap())
    }

    fn get(id: u32) -> Command {
        Command::from(("crm.deal.get", json!({ "id": id })))
    }

    #[test]
    fn commands_are_a_list_or_an_object_in_their_order() {
        use ApiVersion::{V2, V3};
        for (version, commands, want) in [
            (V2, vec![get(1), "profile".into()], r#"{"halt":1,"cmd":["crm.deal.get?id=1","profile?"]}"#),
            (
                V2,
                vec![get(1).label("z"), get(2).label("a")],
                r#"{"halt":1,"cmd":{"z":"crm.deal.get?id=1","a":"crm.deal.get?id=2"}}"#,
            ),
            (V2, vec![get(1).label("0")], r#"{"halt":1,"cmd":{"0":"crm.deal.get?id=1"}}"#),
            (
                V3,
                vec![get(1).label("z"), Command::new("profile").label("a").parallel(true)],
                r#"[{"method":"crm.deal.get","query":{"id":1},"as":"z"},{"method":"profile","query":{},"as":"a","parallel":true}]"#,
            ),
        ] {
            assert_eq!(plan(version, true, commands).unwrap(), want);
        }
        assert!(plan(V2, false, vec![get(1)]).unwrap().starts_with(r#"{"halt":0,"#));
    }

    #[test]
    fn batches_that_make_no_sense_are_refused() {
        use ApiVersion::{V2, V3};
        for version in [V2, V3] {
            for (commands, want) in [
                (vec![], "BATCH_EMPTY"),
                ((0..51).map(get).collect(), "BATCH_TOO_LARGE"),
                (vec![get(1).label("")], "BATCH_LABELS"),
                (vec![get(1).label("a"), get(2)], "BATCH_LABELS"),
                (vec![get(1), get(2).label("a")], "BATCH_LABELS"),
                (vec![get(1).label("a"), get(2).label("a")], "BATCH_LABELS"),
                (vec!["batch".into()], "INVALID_METHOD"),
                (vec!["Upload".into()], "INVALID_METHOD"),
                (vec!["a/b".into()], "INVALID_METHOD"),
                (vec![("profile", json!([1])).into()], "INVALID_PARAMS"),
            ] {
                let error = plan(version, true, commands).unwrap_err();
                assert_eq!(error.code(), want);
                assert!(!error.may_have_run());
            }
            assert!(plan(version, true, (0..50).map(get).collect()).is_ok());
        }
    }

    fn read(value: impl Serialize) -> Command {
        Command::from(("crm.deal.get", json!({ "id": value })))
    }

    // Fact: a reference that does not resolve substitutes what was reached, and is no error.
    #[test]
    fn references_lead_to_earlier_commands_only() {
        let field = |key: &str| Reference::new(key).field("id");
        for version in [ApiVersion::V2, ApiVersion::V3] {
            for (commands, want) in [
                (vec![get(1).label("a"), read(field("a")).label("b")], true),
                (vec![get(1), read(Reference::new(0))], true),
                (vec![read(field("b")).label("a"), get(1).label("b")], false),
                (vec![get(1).label("a"), read(field("b")).label("b")], false),
                (vec![get(1).label("a"), read(field("c")).label("b")], false),
                (vec![get(1).label("a"), read(Reference::new(0)).label("b")], false),
                (vec![get(1), read(Reference::new(1))], false),
            ] {
                let outcome = plan(version, true, commands);
                assert_eq!(outcome.as_ref().map_err(Error::code).err(), (!want).then_some("INVALID_BATCH_REF"));
            }
        }
        let chain = |version| plan(version, false, vec![get(1), read(Reference::new(0))]);
        assert_eq!(chain(ApiVersion::V2).unwrap_err().code(), "INVALID_BATCH_REF");
        assert!(chain(ApiVersion::V3).is_ok());
        let forward = vec![read("$result[1][ID]"), get(1)];
        assert_eq!(plan(ApiVersion::V2, true, forward).unwrap_err().code(), "INVALID_BATCH_REF");
    }

    #[test]
    fn a_batch_is_as_safe_as_its_commands() {
        use crate::Safety::{Idempotent, NotIdempotent};
        for (method, want) in [("crm.deal.get", Idempotent), ("crm.deal.add", NotIdempotent)] {
            let commands = [get(1), Command::new(method)];
            let prepared: Vec<_> =
                commands.into_iter().map(|command| Prepared::new(command, ApiVersion::V2, false).unwrap()).collect();
            let plan = Plan::new(ApiVersion::V2, &prepared, true).unwrap();
            assert_eq!(plan.request(CallOptions::default()).safety(), want);
        }
    }
}
