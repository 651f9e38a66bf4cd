//! The command as a process, and a portal in this one.

#![allow(dead_code, reason = "each test file uses a part of it")]

pub(crate) mod desk;
pub(crate) mod listening;

use std::{
    io::Write,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use b24_portal::{Portal, PortalBuilder};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A portal with a socket, whose requests can be looked at and whose faults be chosen.
pub(crate) struct Served {
    pub(crate) portal: Portal,
    // After the portal, which needs it.
    pub(crate) runtime: Runtime,
}

impl Served {
    pub(crate) fn new(builder: PortalBuilder) -> Self {
        let runtime = Runtime::new().unwrap();
        let portal = runtime.block_on(builder.start()).unwrap();
        Self { portal, runtime }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_b24"));
        command
            .env_remove("SSL_CERT_FILE")
            .env_remove("RUST_LOG")
            .env_remove("B24_OAUTH")
            .env("B24_HOOK", self.portal.hook_url())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn feed(&self, arguments: &[&str], input: &str) -> Output {
        let mut process = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A command that refuses its input does not read all of it.
        let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
        process.wait_with_output().unwrap()
    }

    /// Starts the command, waits until it has sent so many requests, does something, and waits for the end.
    pub(crate) fn run_until(&self, arguments: &[&str], requests: usize, then: impl FnOnce(&Child)) -> Output {
        let process = self.command(arguments).spawn().unwrap();
        wait_for(|| self.portal.requests().len() >= requests);
        then(&process);
        process.wait_with_output().unwrap()
    }
}

/// Waits until something has come about.
pub(crate) fn wait_for(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came about");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Ctrl-C, for this process alone.
#[cfg(unix)]
pub(crate) fn interrupt(process: &Child) {
    signal(process, "-INT");
}

#[cfg(unix)]
pub(crate) fn signal(process: &Child, name: &str) {
    let pid = process.id().to_string();
    assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
}

/// The mode of a file that only its owner may read, and nothing on systems without modes.
pub(crate) fn assert_private(path: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let _ = path;
}

/// Writes a file that only its owner may read.
pub(crate) fn write_private(path: &std::path::Path, text: &str) {
    let _ = std::fs::remove_file(path);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

pub(crate) fn read_json(path: &std::path::Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(crate) fn rows(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "half a row: {text:?}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
