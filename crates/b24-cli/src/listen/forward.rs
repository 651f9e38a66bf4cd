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

    /// Runs it to its end with this line on its standard input. That it fails is told, and no more. `false` when it was
    /// interrupted: a Ctrl-C in the terminal reaches the command too.
    pub(super) async fn run(&self, line: &Line, text: &str) -> bool {
        match self.hand_over(line, text).await {
            Ok(status) if status.success() => true,
            Ok(status) => {
                say(&format!("b24: --forward of {}: {status}", line.title()));
                !was_interrupted(status)
            }
            Err(error) => {
                say(&format!("b24: --forward of {}: {error}", line.title()));
                true
            }
        }
    }

    async fn hand_over(&self, line: &Line, text: &str) -> io::Result<ExitStatus> {
        let mut process = shell(&self.0)
            .env("B24_EVENT", plain(line.name().unwrap_or_default()))
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

/// A name that means nothing to a shell: `cmd` looks for commands in a variable after it has put it in.
fn plain(name: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '_' };
    name.chars().map(plain).collect()
}

/// Whether somebody has asked it to end: by SIGHUP, SIGINT, SIGQUIT or SIGTERM. A shell ends with 128 more.
#[cfg(unix)]
fn was_interrupted(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;

    let signal = status.signal().or_else(|| status.code()?.checked_sub(128));
    matches!(signal, Some(1 | 2 | 3 | 15))
}

/// Whether somebody has asked it to end: by Ctrl-C.
#[cfg(not(unix))]
fn was_interrupted(status: ExitStatus) -> bool {
    /// `STATUS_CONTROL_C_EXIT`, 0xc000013a.
    const CONTROL_C: i32 = -1_073_741_510;
    status.code() == Some(CONTROL_C)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_nothing_to_a_shell() {
        assert_eq!(plain("ONCRMDYNAMICITEMADD_128"), "ONCRMDYNAMICITEMADD_128");
        assert_eq!(plain("send.sms-2"), "send.sms-2");
        assert_eq!(plain("X & calc \"%PATH%\" $(id) `id` ж"), "X___calc___PATH_____id___id___");
    }
}
