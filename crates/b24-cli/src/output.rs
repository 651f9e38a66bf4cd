//! What results and errors look like on standard output.

use std::io::{ErrorKind, Write};

use b24::{Error, Reply, Time, Validation};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::failure::Failure;

/// A payload as the portal wrote it: order of keys and digits of numbers are kept.
pub(crate) type Payload = Box<RawValue>;

/// A success: `{"result", "time", "next"?, "total"?}`.
#[derive(Serialize)]
pub(crate) struct Success {
    pub(crate) result: Payload,
    pub(crate) time: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) total: Option<u64>,
}

impl From<Reply<Payload>> for Success {
    fn from(reply: Reply<Payload>) -> Self {
        Self { result: one_line(reply.result), time: reply.time, next: reply.next, total: reply.total }
    }
}

/// A failure: `{"error": ..}`.
#[derive(Serialize)]
pub(crate) struct Failed<'a> {
    error: Problem<'a>,
}

impl<'a> From<&'a Error> for Failed<'a> {
    fn from(error: &'a Error) -> Self {
        Self { error: error.into() }
    }
}

/// An error: `{"kind", "code", "message", "status", "validation"?, "mayHaveRun", "attempts"}`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem<'a> {
    kind: &'static str,
    code: &'a str,
    message: &'a str,
    /// 0 where no answer came.
    status: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    validation: Vec<Row<'a>>,
    may_have_run: bool,
    attempts: u32,
}

#[derive(Serialize)]
struct Row<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
}

impl<'a> From<&'a Error> for Problem<'a> {
    fn from(error: &'a Error) -> Self {
        Self {
            kind: error.kind().as_str(),
            code: error.code(),
            message: error.message(),
            status: error.status().map_or(0, |status| status.as_u16()),
            validation: error.validation().iter().map(row).collect(),
            may_have_run: error.may_have_run(),
            attempts: error.attempts(),
        }
    }
}

fn row(row: &Validation) -> Row<'_> {
    Row { message: &row.message, field: row.field.as_deref() }
}

/// JSON text on one line: a portal may send it with line breaks, which can only stand between its parts.
pub(crate) fn one_line(payload: Payload) -> Payload {
    if !payload.get().contains(['\n', '\r']) {
        return payload;
    }
    let line = payload.get().replace(['\n', '\r'], " ");
    RawValue::from_string(line).unwrap_or(payload)
}

/// An error for people: one line, with the reasons behind it.
pub(crate) fn explain(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |error| (*error).source());
    chain.map(ToString::to_string).fold(String::new(), |mut said, text| {
        // Some errors say what the one behind them says.
        if !said.ends_with(&text) {
            let joint = if said.is_empty() { "" } else { ": " };
            said.push_str(joint);
            said.push_str(&text);
        }
        said
    })
}

/// A line for programs, on standard output.
pub(crate) fn print(line: &str) -> Result<(), Failure> {
    print_lines([line])
}

/// Lines for programs, on standard output, at one go: they are there as a whole when this returns.
pub(crate) fn print_lines<L: AsRef<str>>(lines: impl IntoIterator<Item = L>) -> Result<(), Failure> {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.as_ref());
        text.push('\n');
    }
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::Closed),
        Err(error) => Err(Failure::unusable(format!("cannot write the output: {error}"))),
    }
}

/// A line for programs, beside the calls and signals that go on.
pub(crate) async fn print_beside(line: String) -> Result<(), Failure> {
    print_lines_beside(vec![line]).await
}

/// Lines beside the calls and signals that go on: a reader may let the output wait for ever.
pub(crate) async fn print_lines_beside(lines: Vec<String>) -> Result<(), Failure> {
    let written = tokio::task::spawn_blocking(move || print_lines(lines)).await;
    written.unwrap_or_else(|error| Err(Failure::unusable(format!("cannot write the output: {error}"))))
}

/// A line for people, on standard error. When nobody reads it, it is not missed.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// JSON on one line; for the types of this program it cannot fail.
pub(crate) fn json_text<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
