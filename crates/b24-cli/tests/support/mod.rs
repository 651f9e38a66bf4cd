//! The command as a process, and a portal in this one.

#![allow(dead_code, reason = "each test file uses a part of it")]

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
    _runtime: Runtime,
}

impl Served {
    pub(crate) fn new(builder: PortalBuilder) -> Self {
        let runtime = Runtime::new().unwrap();
        let portal = runtime.block_on(builder.start()).unwrap();
        Self { portal, _runtime: runtime }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_b24"));
        command
            .env_remove("SSL_CERT_FILE")
            .env_remove("RUST_LOG")
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
        let begun = Instant::now();
        while self.portal.requests().len() < requests {
            assert!(begun.elapsed() < Duration::from_secs(20), "the requests never came");
            std::thread::sleep(Duration::from_millis(2));
        }
        then(&process);
        process.wait_with_output().unwrap()
    }
}

pub(crate) fn rows(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "half a row: {text:?}");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
