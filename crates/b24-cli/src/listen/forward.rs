//! The command that deliveries are handed to.

use std::{
    future::pending,
    io,
    process::{ExitStatus, Stdio},
};

use tokio::{io::AsyncWriteExt, process::Command};

use super::line::Line;
use crate::output::say;

/// A command of the user's, for the shell.
pub(super) struct Forward(String);

impl Forward {
    pub(super) fn new(command: &str) -> Self {
        Self(command.to_owned())
    }

    /// Runs it to its end with this line on its standard input. That it fails is told, and no more.
    pub(super) async fn run(&self, line: &Line, text: &str) {
        match self.hand_over(line, text).await {
            Ok(status) if status.success() => {}
            Ok(status) => say(&format!("b24: --forward of {}: {status}", line.title())),
            Err(error) => say(&format!("b24: --forward of {}: {error}", line.title())),
        }
    }

    async fn hand_over(&self, line: &Line, text: &str) -> io::Result<ExitStatus> {
        let mut process = shell(&self.0)
            .env("B24_EVENT", line.name().unwrap_or_default())
            .env("B24_EVENT_KIND", line.kind())
            .stdin(Stdio::piped())
            // Standard output has deliveries and nothing else.
            .stdout(Stdio::from(io::stderr()))
            .spawn()?;
        let stdin = process.stdin.take();
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A command need not read.
                let _ = stdin.write_all(format!("{text}\n").as_bytes()).await;
            }
            pending().await
        };
        tokio::select! {
            status = process.wait() => status,
            status = feed => status,
        }
    }
}

#[cfg(not(windows))]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    shell
}

#[cfg(windows)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("cmd");
    // As it is: `cmd` has quotes of its own.
    shell.arg("/C").raw_arg(command);
    shell
}
