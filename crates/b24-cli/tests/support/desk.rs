//! A portal, a folder, and a test that plays the browser of `b24 login`.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream, UdpSocket},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Output},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use b24_portal::{Limits, Portal};
use serde_json::Value;
use tempfile::TempDir;

use super::{Served, rows, stderr};

/// A port that nobody listens on, below those that the system gives to anybody.
struct FreePort {
    number: u16,
    /// Between our look and the command's start the port is free for all. Tests in other processes keep away from those whose
    /// number is taken for UDP, which nobody here speaks.
    _claim: UdpSocket,
}

impl FreePort {
    fn find() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // Far from what the process beside this one takes, whose id is the next.
        let begin = std::process::id().wrapping_mul(16);
        loop {
            let place = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000;
            let number = 20_000 + u16::try_from(place).unwrap();
            let Ok(claim) = UdpSocket::bind(("127.0.0.1", number)) else { continue };
            if TcpListener::bind(("127.0.0.1", number)).is_ok() {
                return Self { number, _claim: claim };
            }
        }
    }
}

/// A portal whose application comes back to a port of this machine, and a folder for its tokens.
pub(crate) struct Desk {
    pub(crate) served: Served,
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
    _port: FreePort,
}

/// A login that waits for its browser.
pub(crate) struct Waiting {
    pub(crate) process: Child,
    stdout: BufReader<ChildStdout>,
    port: u16,
    pub(crate) authorize_url: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        // The portal has to know the port before the command listens there.
        let free = FreePort::find();
        let port = free.number;
        let portal = Portal::builder().limits(Limits::off()).redirect_uri(format!("http://127.0.0.1:{port}/"));
        Self { served: Served::new(portal), port, folder: tempfile::tempdir().unwrap(), _port: free }
    }

    pub(crate) fn portal(&self) -> &Portal {
        &self.served.portal
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("oauth.json")
    }

    /// What is in the folder, but for the empty files of locks.
    pub(crate) fn files(&self) -> Vec<String> {
        let names = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap());
        names.filter(|name| !name.ends_with(".lock") && !name.ends_with(".renewal")).collect()
    }

    pub(crate) fn command(&self, more: &[&str]) -> Command {
        let mut command = self.command_with_any_server(more);
        command.args(["--auth-server", self.portal().auth_url()]);
        command
    }

    pub(crate) fn command_with_any_server(&self, more: &[&str]) -> Command {
        let mut command = self.served.command(&["login", "--no-browser"]);
        command
            .env_remove("B24_HOOK")
            .env_remove("B24_CLIENT_ID")
            .env("B24_CLIENT_SECRET", self.portal().application().client_secret())
            .current_dir(self.folder.path())
            .args(["--portal", self.portal().url(), "--client-id", self.portal().application().client_id()])
            .args(["--port", &self.port.to_string()])
            .args(more);
        command
    }

    pub(crate) fn begin(&self, more: &[&str]) -> Waiting {
        self.start(self.command(more))
    }

    pub(crate) fn start(&self, mut command: Command) -> Waiting {
        Waiting::new(command.spawn().unwrap(), self.port)
    }

    /// A login to its end; what was printed after the address.
    pub(crate) fn log_in(&self, more: &[&str]) -> (Value, String) {
        let waiting = self.begin(more);
        waiting.come_back();
        let output = waiting.end();
        assert!(output.status.success(), "{}", stderr(&output));
        (rows(&output)[0].clone(), stderr(&output))
    }
}

impl Waiting {
    /// Reads where the browser has to go.
    pub(crate) fn new(mut process: Child, port: u16) -> Self {
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let description: Value = serde_json::from_str(&line).expect(&line);
        let authorize_url = description["authorizeUrl"].as_str().unwrap().to_owned();
        Self { process, stdout, port, authorize_url }
    }

    /// Goes to the portal's page as somebody who is signed in and agrees, and gives where it leads.
    pub(crate) fn agree(&self) -> String {
        let (address, path) = split(&self.authorize_url);
        let answer = ask(&address, &format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"));
        let location = answer.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then(|| value.to_owned())
        });
        location.expect(&answer)
    }

    /// What the command answers to a request.
    pub(crate) fn ask(&self, request: &str) -> String {
        ask(&format!("127.0.0.1:{}", self.port), request)
    }

    pub(crate) fn get(&self, target: &str) -> String {
        self.ask(&format!("GET {target} HTTP/1.1\r\nHost: localhost:{}\r\nAccept: */*\r\n\r\n", self.port))
    }

    pub(crate) fn come_back(&self) -> String {
        self.follow(&self.agree())
    }

    /// Goes where the portal leads.
    pub(crate) fn follow(&self, location: &str) -> String {
        self.get(&split(location).1)
    }

    pub(crate) fn end(mut self) -> Output {
        let mut stdout = Vec::new();
        self.stdout.read_to_end(&mut stdout).unwrap();
        Output { stdout, ..self.process.wait_with_output().unwrap() }
    }
}

fn split(url: &str) -> (String, String) {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    (host.to_owned(), format!("/{path}"))
}

fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    let mut answer = Vec::new();
    // Who sends too much may be cut off, in the middle of it or after it.
    let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_end(&mut answer));
    String::from_utf8(answer).unwrap()
}

pub(crate) fn value<'a>(url: &'a str, name: &str) -> &'a str {
    let (_, query) = url.split_once('?').unwrap();
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap()
}
