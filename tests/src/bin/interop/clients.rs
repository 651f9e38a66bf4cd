//! Running the operations with either client, each on a portal of its own.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use b24_portal::{Limits, Portal, VirtualClock};
use serde_json::Value;

use crate::{Outcome, heard, operations::Operation, outcome};

/// A program that reads operations and writes outcomes, a line each.
#[derive(Debug)]
pub(crate) struct Client {
    program: String,
    arguments: Vec<String>,
    /// How it writes outcomes.
    plain: fn(&Value, Value) -> Value,
}

/// What came of an operation.
#[derive(Debug)]
pub(crate) struct Seen {
    /// What the portal heard.
    pub(crate) requests: Vec<Value>,
    /// What the client says.
    pub(crate) outcome: Value,
}

impl Client {
    pub(crate) fn node(script: &str) -> Self {
        Self { program: "node".to_owned(), arguments: vec![script.to_owned()], plain: |_, outcome| outcome }
    }

    pub(crate) fn b24(program: &str) -> Self {
        let arguments = ["run", "--restrictions", r#"{"rateLimit": null}"#].map(str::to_owned).into();
        Self { program: program.to_owned(), arguments, plain: outcome::of_b24 }
    }
}

/// Lets a client run all operations, one after another. The clock stands still, so that all portals have equal rows.
pub(crate) fn run(client: &Client, folder: &Path, operations: &[Operation]) -> Outcome<Vec<Seen>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let builder = Portal::builder().tls().seed(7).limits(Limits::off()).clock(VirtualClock::new());
    let portal = runtime.block_on(builder.start())?;
    let authority = folder.join("interop-ca.pem");
    std::fs::write(&authority, portal.ca_pem().ok_or("a portal with TLS has a certificate")?)?;
    let command = command(client, &portal, &authority);
    let lines = operations.iter().map(|operation| format!("{}\n", operation.line)).collect();
    // On a thread of its own: this one runs the portal.
    let program = client.program.clone();
    let said = runtime.block_on(runtime.spawn_blocking(move || converse(command, lines)))?;
    let said = said.map_err(|error| format!("{program}: {error}"))?;
    let outcomes: Vec<Value> = said.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if outcomes.len() != operations.len() {
        return Err(format!("{} gave {} outcomes", client.program, outcomes.len()).into());
    }
    let ids: Vec<_> = (0..operations.len()).map(Operation::request_id).collect();
    let heard = heard::by_operation(&portal, &ids);
    let seen = operations.iter().zip(outcomes).zip(heard).map(|((operation, outcome), mut requests)| {
        if operation.line["op"] == "batchByChunk" {
            // `b24` has several chunks under way, which come in any order.
            requests.sort_by_key(ToString::to_string);
        }
        let mut outcome = (client.plain)(&operation.line, outcome);
        outcome::without_client(&mut outcome);
        Seen { requests, outcome }
    });
    Ok(seen.collect())
}

fn command(client: &Client, portal: &Portal, authority: &Path) -> Command {
    let mut command = Command::new(&client.program);
    command.args(&client.arguments).env("B24_HOOK", portal.hook_url()).env("NODE_EXTRA_CA_CERTS", authority);
    // `b24` trusts what the system does, which this names. Where a proxy is set, neither may go through it.
    command.env("SSL_CERT_FILE", authority).env("NO_PROXY", "*");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// Writes all lines, and reads what the program says.
fn converse(mut command: Command, lines: String) -> std::io::Result<String> {
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().ok_or_else(|| std::io::Error::other("no input"))?;
    // Meanwhile: the program may write before it has read everything.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| std::io::Error::other("the writer panicked"))??;
    // An operation that fails makes the exit status 1, and some are to fail.
    if output.status.code().is_none_or(|code| code > 1) {
        return Err(std::io::Error::other(output.status.to_string()));
    }
    String::from_utf8(output.stdout).map_err(std::io::Error::other)
}
