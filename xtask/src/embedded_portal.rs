//! `b24 portal` in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use xshell::Cmd;

use crate::outcome::Result;
use crate::process::Running;
use crate::project::foreign;

/// A running portal; it ends with this value.
#[derive(Debug)]
pub(crate) struct EmbeddedPortal {
    hook_url: String,
    // Kept open: a portal that printed more would die of a closed pipe.
    _output: BufReader<ChildStdout>,
    _process: Running,
}

/// It listens at once or something is wrong.
const START_LIMIT: Duration = Duration::from_secs(20);

impl EmbeddedPortal {
    /// Starts `command` and waits for the line that says where the portal listens.
    pub(crate) fn start(command: Cmd<'_>) -> Result<Self> {
        let shown = command.to_string();
        eprintln!("$ {shown} &");
        let mut command = Command::from(foreign(command));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = Running(command.spawn().map_err(|error| format!("`{shown}`: {error}"))?);
        let output = process.0.stdout.take().ok_or("the portal has no output")?;
        let (line, output) = first_line(output)?;
        let hook_url =
            hook_url(&line).ok_or_else(|| format!("`{shown}` did not say where it listens; it said {line:?}"))?;
        Ok(Self { hook_url, _output: output, _process: process })
    }

    /// The webhook of the portal.
    pub(crate) fn hook_url(&self) -> &str {
        &self.hook_url
    }
}

/// Reads on a thread of its own, as a pipe has no time limit.
fn first_line(output: ChildStdout) -> Result<(String, BufReader<ChildStdout>)> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = String::new();
        let read = output.read_line(&mut line).map(|_| (line, output));
        // Nobody listens any more after the limit; the line is of no use then.
        let _ = sender.send(read);
    });
    let read = receiver.recv_timeout(START_LIMIT).map_err(|_| "the portal did not start in time")?;
    Ok(read?)
}

fn hook_url(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    line["hookUrl"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_where_it_listens() {
        let line = r#"{"hookUrl": "http://127.0.0.1:1/rest/1/x/", "caPem": "ca.pem"}"#;
        assert_eq!(hook_url(line).as_deref(), Some("http://127.0.0.1:1/rest/1/x/"));
        assert_eq!(hook_url("error: port in use"), None);
        assert_eq!(hook_url(""), None);
    }
}
