//! One line of input.

mod commands;
mod options;

use b24::{CallOptions, Direction, core::error::Unreadable};
use serde::{Deserialize, de::IgnoredAny};

pub(super) use commands::Commands;
use options::Options;

use crate::output::Payload;

/// What one line asks for.
#[derive(Debug)]
pub(super) struct Operation {
    /// Echoed as it is.
    pub(super) id: Option<Payload>,
    pub(super) options: CallOptions,
    pub(super) what: What,
}

/// The operations there are.
#[derive(Debug)]
pub(super) enum What {
    Call(Call),
    Batch(Batch),
    Chunks(Batch),
    List(List),
    Tail(Tail),
    Aggregate(Aggregate),
}

impl Operation {
    /// Reads a line. The error says what is wrong and repeats no value.
    pub(super) fn parse(line: &str) -> Result<Self, String> {
        // Editors put a byte order mark in front of the first line.
        let line = line.trim_start_matches('\u{feff}');
        if !line.trim_start().starts_with('{') {
            return Err("not a JSON object".to_owned());
        }
        Self::read(line).map_err(|error| explain(&error))
    }

    fn read(line: &str) -> Result<Self, serde_json::Error> {
        let Head { id, op, options } = serde_json::from_str(line)?;
        let what = match op {
            Op::Call => What::Call(serde_json::from_str(line)?),
            Op::Batch => What::Batch(serde_json::from_str(line)?),
            Op::BatchByChunk => What::Chunks(serde_json::from_str(line)?),
            Op::List => What::List(serde_json::from_str(line)?),
            Op::Tail => What::Tail(serde_json::from_str(line)?),
            Op::Aggregate => What::Aggregate(serde_json::from_str(line)?),
        };
        Ok(Self { id, options: options.into(), what })
    }
}

/// What all operations have; their own fields are passed over here, and read in the second turn.
#[derive(Deserialize)]
struct Head {
    id: Option<Payload>,
    op: Op,
    #[serde(default)]
    options: Options,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Op {
    Call,
    Batch,
    BatchByChunk,
    List,
    Tail,
    Aggregate,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Api {
    #[default]
    V2,
    V3,
}

// Each has the fields of `Head` too: they are read there, and only named here, so that any other field is refused.

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    #[serde(default)]
    pub(super) api: Api,
    pub(super) method: String,
    pub(super) params: Option<Payload>,
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "op")]
    _op: IgnoredAny,
    #[serde(default, rename = "options")]
    _options: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Batch {
    #[serde(default)]
    pub(super) api: Api,
    pub(super) commands: Commands,
    #[serde(default = "yes")]
    pub(super) halt_on_error: bool,
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "op")]
    _op: IgnoredAny,
    #[serde(default, rename = "options")]
    _options: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct List {
    #[serde(default)]
    pub(super) api: Api,
    pub(super) method: String,
    pub(super) params: Option<Payload>,
    pub(super) items_key: Option<String>,
    pub(super) id_key: Option<String>,
    pub(super) cursor_id_key: Option<String>,
    pub(super) limit: Option<i64>,
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "op")]
    _op: IgnoredAny,
    #[serde(default, rename = "options")]
    _options: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Tail {
    pub(super) method: String,
    pub(super) params: Option<Payload>,
    pub(super) items_key: Option<String>,
    pub(super) cursor_field: Option<String>,
    #[serde(default)]
    pub(super) order: Direction,
    pub(super) initial_value: Option<Payload>,
    pub(super) limit: Option<i64>,
    #[serde(default, rename = "api")]
    _api: OnlyV3,
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "op")]
    _op: IgnoredAny,
    #[serde(default, rename = "options")]
    _options: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Aggregate {
    pub(super) method: String,
    pub(super) select: Payload,
    pub(super) filter: Option<Payload>,
    #[serde(default, rename = "api")]
    _api: OnlyV3,
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    #[serde(rename = "op")]
    _op: IgnoredAny,
    #[serde(default, rename = "options")]
    _options: IgnoredAny,
}

/// v3 alone has the operation.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OnlyV3 {
    #[default]
    V3,
}

fn yes() -> bool {
    true
}

/// serde's own texts may repeat a value; this keeps to what was expected and where.
fn explain(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Data => "not an operation this version knows",
        _ => "not JSON",
    };
    format!("{what}: {}", Unreadable::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_operation_is_refused_without_repeating_it() {
        for line in [
            "[]",
            "{not json",
            r#"{"op":"call"}"#,
            r#"{"op":"dance","method":"s3cr3t"}"#,
            r#"{"op":"call","method":5}"#,
            r#"{"op":"call","method":"profile","options":{"timeoutMs":"s3cr3t"}}"#,
            r#"{"op":"call","method":"profile","s3cr3t":1}"#,
            r#"{"op":"call","method":"profile","options":{"s3cr3t":1}}"#,
            r#"{"op":"call","method":"profile","commands":["s3cr3t"]}"#,
            r#"{"op":"batch","commands":"s3cr3t"}"#,
            r#"{"op":"batch","commands":[["profile",{},"s3cr3t"]]}"#,
            r#"{"op":"batch","commands":[[]]}"#,
            r#"{"op":"batch","commands":[{"method":"profile","s3cr3t":1}]}"#,
            r#"{"op":"batch","commands":[{"params":{}}]}"#,
            r#"{"op":"tail","api":"v2","method":"s3cr3t"}"#,
            r#"{"op":"tail","method":"profile","order":"s3cr3t"}"#,
            r#"{"op":"list","method":"profile","limit":"s3cr3t"}"#,
            r#"{"op":"aggregate","method":"profile"}"#,
        ] {
            let text = Operation::parse(line).unwrap_err();
            assert!(!text.contains("s3cr3t"), "{text}");
        }
    }

    #[test]
    fn options_of_the_restriction_manager_are_accepted() {
        let line = r#"{"op":"call","method":"profile","options":{"maxRetries":0,"retryOnNetworkError":"auto","idempotencyKey":"k"}}"#;
        assert!(Operation::parse(line).is_ok());
    }

    #[test]
    fn commands_come_in_every_form() {
        let keys = |commands: &str| {
            let line = format!(r#"{{"op":"batch","commands":{commands}}}"#);
            match Operation::parse(&line).map(|operation| operation.what) {
                Ok(What::Batch(batch)) => {
                    let named = |command: &b24::batch::Command| format!("{command:?}").contains("Err");
                    let built: Vec<_> = batch.commands.build().collect();
                    assert!(!built.iter().any(named));
                    built.iter().map(|command| command.given_label().unwrap_or("-").to_owned()).collect::<Vec<_>>()
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(keys(r#"[["a.get"],["b.get",{"id":1}],{"method":"c.get","params":{}}]"#), ["-", "-", "-"]);
        assert_eq!(keys(r#"[{"method":"a.get","as":"x"},["b.get"]]"#), ["x", "-"]);
        let map = r#"{"z":["a.get",{"id":1}],"a":{"method":"b.get"},"m":{"method":"c.get","as":"own"}}"#;
        assert_eq!(keys(map), ["z", "a", "own"]);
    }
}
