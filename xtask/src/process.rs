//! Processes that must not run for ever.

use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use xshell::Cmd;

use crate::clock;
use crate::outcome::Result;
use crate::project::foreign;

/// A child process that ends when this value does.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended on its own; either way it is reaped here.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Echoes and runs a command; ends it, and fails, when it takes longer than `limit`.
pub(crate) fn run_within(limit: Duration, command: Cmd<'_>) -> Result {
    let shown = command.to_string();
    eprintln!("$ {shown}");
    end_within(limit, &shown, Command::from(foreign(command)))
}

/// Runs a command that is called `shown`; ends it, and fails, when it takes longer than `limit`.
pub(crate) fn end_within(limit: Duration, shown: &str, mut command: Command) -> Result {
    command.stdin(std::process::Stdio::null());
    let mut running = Running(command.spawn().map_err(|error| format!("`{shown}`: {error}"))?);
    match wait(&mut running.0, limit)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(format!("`{shown}` failed: {status}").into()),
        None => Err(format!("`{shown}` did not end within {}", clock::Human(limit)).into()),
    }
}

fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = clock::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() >= limit {
            return Ok(None);
        }
        clock::sleep(Duration::from_millis(20));
    }
}
