//! A `b24 listen` that tests post to.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use serde_json::Value;

use super::wait_for;

pub(crate) fn b24(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_b24"));
    command
        .env_remove("B24_APPLICATION_TOKEN")
        .env_remove("RUST_LOG")
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A running `b24 listen`; killed when dropped.
pub(crate) struct Listening {
    pub(crate) process: Child,
    stdout: Receiver<String>,
    said: Arc<Mutex<String>>,
    reading: Option<JoinHandle<()>>,
    pub(crate) port: u16,
}

impl Listening {
    pub(crate) fn start(more: &[&str]) -> Self {
        Self::spawn(b24(&["listen", "--port", "0"]).args(more))
    }

    /// Starts it, and waits until it says where it listens.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self::of(command.spawn().unwrap())
    }

    pub(crate) fn of(mut process: Child) -> Self {
        let stdout = process.stdout.take().map_or_else(|| channel().1, lines);
        let mut stderr = BufReader::new(process.stderr.take().unwrap());
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        let reading = std::thread::spawn(move || {
            let mut line = String::new();
            while stderr.read_line(&mut line).unwrap() > 0 {
                heard.lock().unwrap().push_str(&line);
                line.clear();
            }
        });
        wait_for(|| said.lock().unwrap().contains("; Ctrl-C"));
        let port = said.lock().unwrap().split("http://127.0.0.1:").nth(1).unwrap().split('/').next().unwrap().parse();
        Self { process, stdout, said, reading: Some(reading), port: port.unwrap() }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub(crate) fn row(&self) -> Value {
        let line = self.stdout.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line: {}", self.said()));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}, {}", self.said()))
    }

    /// Waits for the end; what was not read yet is in the output.
    pub(crate) fn end(mut self) -> Output {
        wait_for(|| self.process.try_wait().unwrap().is_some());
        let stdout = self.stdout.iter().collect::<String>().into_bytes();
        let status = self.process.wait().unwrap();
        self.reading.take().unwrap().join().unwrap();
        Output { status, stdout, stderr: self.said().into_bytes() }
    }

    /// Sends a request as it is, and gives the answer.
    pub(crate) fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn post_to(&self, target: &str, kind: &str, body: &str) -> String {
        let length = body.len();
        self.ask(&format!(
            "POST {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    pub(crate) fn post(&self, body: &str) {
        let answer = self.post_to("/", "application/x-www-form-urlencoded", body);
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
}

/// Lines as they come, each with its end.
fn lines(stdout: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        while stdout.read_line(&mut line).unwrap() > 0 && sender.send(std::mem::take(&mut line)).is_ok() {}
    });
    lines
}

const PATIENCE: Duration = Duration::from_secs(60);

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
